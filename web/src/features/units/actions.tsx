import { Ellipsis, Play, RotateCw, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { problemTitle } from '@/api/problem'
import type { Unit } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useRight } from '@/app/session/session'
import { useUnitCommand, type Verb } from '@/app/units/queries'
import { useText } from '@/i18n'
import { useLiveStatus } from '@/live'
import { Button, Confirm, IconButton, Menu, notice } from '@/ui'
import { unitText } from './text'

const quiet: Verb[] = ['start', 'pause', 'resume'] // done at once; the others ask

/** What can be asked of a unit as it is. */
export function allowed(u: Unit): Verb[] {
  if (u.status === 'paused') return ['resume', 'stop', 'restart', 'remove']
  if (u.status === 'running' || u.status === 'starting') return ['stop', 'restart', 'pause', 'remove']
  return ['start', 'remove']
}

/** What can be done with a unit; asks before what ends something. */
export function useUnitActions(u: Unit) {
  const t = useText(unitText)
  const command = useUnitCommand()
  const [, navigate] = useLocation()
  const [asked, ask] = useState<Verb | null>(null)
  const [busy, setBusy] = useState(false)
  const run = async (verb: Verb) => {
    await command(verb, u.unit_id)
    if (verb === 'remove') navigate(href('units'))
  }
  const start = async (verb: Verb) => {
    if (!quiet.includes(verb)) {
      ask(verb)
      return
    }
    setBusy(true)
    await run(verb).catch(e => notice('err', `${problemTitle(e)}: ${u.name}`))
    setBusy(false)
  }
  const texts = {
    stop: [t.stopAsk(u.name), t.stopText, t.stop],
    restart: [t.restartAsk(u.name), t.restartText, t.restart],
    remove: [t.removeAsk(u.name), t.removeText, t.remove]
  } as const
  const words = asked && asked in texts ? texts[asked as keyof typeof texts] : undefined
  const dialog = asked && words && (
    <Confirm
      title={words[0]}
      action={words[2]}
      danger={asked === 'remove'}
      {...(asked === 'remove' ? { typed: u.name, typeLabel: t.removeType } : {})}
      onConfirm={() => run(asked)}
      onClose={() => ask(null)}
    >
      {words[1]}
    </Confirm>
  )
  return { start, dialog, busy, verbs: allowed(u) }
}

/** A row's menu, for who may. It is made when somebody comes near it: thousands of rows scroll by without. */
export function UnitMenu({ unit }: { unit: Unit }) {
  const t = useText(unitText)
  const [near, setNear] = useState<'no' | 'pointer' | 'focus'>('no')
  if (near !== 'no') return <ReadyMenu unit={unit} focus={near === 'focus'} />
  return (
    <button
      type="button"
      className="menu-handle"
      aria-haspopup="menu"
      aria-label={t.actionsOf(unit.name)}
      onPointerEnter={() => setNear('pointer')}
      onFocus={() => setNear('focus')}
    >
      <svg width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M5 12h.01M12 12h.01M19 12h.01" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
      </svg>
    </button>
  )
}

function ReadyMenu({ unit, focus }: { unit: Unit; focus: boolean }) {
  const t = useText(unitText)
  const { start, dialog, verbs } = useUnitActions(unit)
  const handle = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (focus) handle.current?.focus()
  }, [focus])
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <IconButton label={t.actionsOf(unit.name)} ref={handle}>
            <Ellipsis size={16} />
          </IconButton>
        </Menu.Target>
        <Menu.Dropdown>
          {verbs.map(v => (
            <Menu.Item key={v} onClick={() => void start(v)} className={v === 'remove' ? 'danger' : ''}>
              {t[v]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {dialog}
    </>
  )
}

export function UnitButtons({ unit }: { unit: Unit }) {
  const t = useText(unitText)
  const may = useRight('unit:write')
  const { start, dialog, busy, verbs } = useUnitActions(unit)
  const offline = useLiveStatus().state === 'offline'
  if (!may) return null
  const icons: Partial<Record<Verb, React.ReactNode>> = {
    stop: <Square size={13} />,
    start: <Play size={13} />,
    restart: <RotateCw size={13} />,
    resume: <Play size={13} />
  }
  return (
    <>
      {verbs
        .filter(v => icons[v])
        .map(v => (
          <Button
            key={v}
            leftSection={icons[v]}
            loading={busy && quiet.includes(v)}
            disabled={offline}
            title={offline ? t.offline : undefined}
            onClick={() => void start(v)}
          >
            {t[v]}
          </Button>
        ))}
      <Menu position="bottom-end">
        <Menu.Target>
          <IconButton label={t.actionsOf(unit.name)}>
            <Ellipsis size={16} />
          </IconButton>
        </Menu.Target>
        <Menu.Dropdown>
          {verbs
            .filter(v => !icons[v])
            .map(v => (
              <Menu.Item key={v} onClick={() => void start(v)} className={v === 'remove' ? 'danger' : ''}>
                {t[v]}
              </Menu.Item>
            ))}
        </Menu.Dropdown>
      </Menu>
      {dialog}
    </>
  )
}
