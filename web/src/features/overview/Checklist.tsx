import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { useApi } from '@/api/query'
import type { Unit } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { hasRight, useSession } from '@/app/session/session'
import { useProjects } from '@/app/shell/project'
import { useText } from '@/i18n'
import { Button, CopyLine, Section, StatusShape } from '@/ui'
import { overviewText } from './text'

const place = 'netbit.first-steps'

/** What a new node is for, in five steps; each is done when the server has seen it. */
export function Checklist({ units }: { units: Unit[] | undefined }) {
  const t = useText(overviewText)
  const { me } = useSession()
  const admin = hasRight(me, 'admin')
  const projects = useProjects()
  const packages = useApi('GET /api/spark/packages', { query: { limit: 1 } }, { every: 10_000 })
  const users = useApi('GET /api/v1/users', { query: { limit: 2 } }, { enabled: admin })
  const [hidden, setHidden] = useState(() => localStorage.getItem(place) === 'hidden')
  if (!units || !packages.data) return null
  const beat = units.some(u => u.last_heartbeat)
  const firstUnit = units.find(u => u.status === 'running') ?? units[0]
  const steps: { name: string; done: boolean; body: ReactNode }[] = [
    {
      name: t.stepUnit,
      done: beat,
      body: (
        <>
          <CopyLine text={`spark login ${location.origin}\nspark install NAME\nspark run NAME --name my-unit`} />
          <p className="dim">{t.stepUnitWait}</p>
        </>
      )
    },
    {
      name: t.stepValue,
      done: units.some(u => u.rss_bytes !== null),
      body: (
        <p className="dim">
          {t.stepValueHint} {firstUnit && <Link href={href('unit', { id: firstUnit.unit_id })}>{t.openUnit}</Link>}
        </p>
      )
    },
    { name: t.stepPublish, done: packages.data.total > 0, body: <CopyLine text="spark publish ./my-folder" /> },
    { name: t.stepProject, done: projects.length > 0, body: <Link href={`${href('projects')}?new=1`}>{t.makeProject}</Link> }
  ]
  if (admin)
    steps.push({
      name: t.stepInvite,
      done: (users.data?.items.length ?? 0) > 1,
      body: <Link href={`${href('users')}?tab=invites`}>{t.makeInvite}</Link>
    })
  const next = steps.findIndex(s => !s.done)
  if (next < 0) return null
  const toggle = (hide: boolean) => {
    localStorage.setItem(place, hide ? 'hidden' : 'shown')
    setHidden(hide)
  }
  if (hidden)
    return (
      <div>
        <Button look="quiet" onClick={() => toggle(false)}>
          {t.show} ({steps.filter(s => s.done).length}/{steps.length})
        </Button>
      </div>
    )
  return (
    <Section
      title={t.first}
      actions={
        <Button look="quiet" onClick={() => toggle(true)}>
          {t.hide}
        </Button>
      }
    >
      <ol className="checklist">
        {steps.map((s, i) => (
          <li key={s.name} data-done={s.done} aria-current={i === next ? 'step' : undefined}>
            <StatusShape kind={s.done ? 'ok' : i === next ? 'pend' : 'idle'} size={12} />
            <div className="stack tight">
              <strong>{s.name}</strong>
              {!s.done && i === next && s.body}
            </div>
          </li>
        ))}
      </ol>
    </Section>
  )
}
