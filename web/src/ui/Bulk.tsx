/* Doing one thing with several things: a bar that says how many are picked, and a dialog that asks, does it one by one, and says of each
 * how it went. */
import { X } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { problemTitle } from '@/api/problem'
import { useText } from '@/i18n'
import { Button, IconButton } from './controls'
import { Dialog, TypedCheck } from './Dialog'
import { StatusShape } from './StatusBadge'
import type { Kind } from './status'
import { uiText } from './text'

/** Stands below the rows, so that these do not move when the first one is picked. */
export function BulkBar({ count, children, onClear }: { count: number; children: ReactNode; onClear: () => void }) {
  const t = useText(uiText)
  if (count === 0) return null
  return (
    <section className="bulk-bar" aria-label={t.picked(count)}>
      <strong role="status">{t.picked(count)}</strong>
      <div className="row">{children}</div>
      <IconButton label={t.unpick} onClick={onClear}>
        <X size={15} />
      </IconButton>
    </section>
  )
}

export type BulkItem = { key: string | number; name: string }
export type Outcome = { kind: Kind; text: string }

type Props<T extends BulkItem> = {
  title: string
  /** What will happen, in a sentence. */
  children: ReactNode
  action: string
  danger?: boolean
  /** Of what cannot be undone the person types the number of things first. */
  typed?: boolean
  items: T[]
  run: (item: T) => Promise<unknown>
  /** How an item that was asked for stands now; without, what the server has accepted is done. */
  follow?: (item: T) => Outcome
  onClose: () => void
}

const atOnce = 6

export function BulkDialog<T extends BulkItem>({
  title,
  children,
  action,
  danger = false,
  typed = false,
  items,
  run,
  follow,
  onClose
}: Props<T>) {
  const t = useText(uiText)
  const [said, setSaid] = useState<ReadonlyMap<BulkItem['key'], 'sent' | 'accepted' | { error: unknown }>>(new Map())
  const [phase, setPhase] = useState<'asks' | 'runs' | 'done'>('asks')
  const [ready, setReady] = useState(!typed)
  const open = useRef(true)
  useEffect(() => {
    open.current = true
    return () => {
      open.current = false
    }
  }, [])

  const outcome = (item: T): Outcome => {
    const s = said.get(item.key)
    if (s === undefined) return { kind: 'idle', text: '' }
    if (s === 'sent') return { kind: 'pend', text: t.underWay }
    if (s !== 'accepted') return { kind: 'err', text: `${problemTitle(s.error)}${s.error instanceof Error ? `: ${s.error.message}` : ''}` }
    return follow?.(item) ?? { kind: 'ok', text: t.bulkDone }
  }
  const go = async (what: T[]) => {
    setPhase('runs')
    const queue = [...what]
    const note = (item: T, s: 'sent' | 'accepted' | { error: unknown }) => setSaid(old => new Map(old).set(item.key, s))
    const worker = async () => {
      for (let item = queue.shift(); item; item = queue.shift()) {
        note(item, 'sent')
        const one = item
        await run(one).then(
          () => note(one, 'accepted'),
          error => note(one, { error })
        )
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    if (open.current) setPhase('done')
  }
  const results = items.map(item => ({ item, at: outcome(item) }))
  const failed = results.filter(r => r.at.kind === 'err').map(r => r.item)
  const waiting = results.filter(r => r.at.kind === 'pend').length
  const good = results.filter(r => r.at.kind === 'ok').length
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="stack">
        {phase === 'asks' ? <div>{children}</div> : <p role="status">{t.bulkSum(good, failed.length, waiting)}</p>}
        <ul className="bulk-list">
          {results.map(({ item, at }) => (
            <li key={item.key}>
              {phase !== 'asks' && <StatusShape kind={at.kind} />}
              <span className="bulk-name">{item.name}</span>
              <span className={at.kind === 'err' ? 'error-line' : 'dim'}>{at.text}</span>
            </li>
          ))}
        </ul>
        {phase === 'asks' && typed && <TypedCheck want={String(items.length)} label={t.bulkType} onReady={setReady} />}
        <div className="row end">
          {phase === 'asks' && (
            <Button onClick={onClose} data-first={danger && !typed ? '' : undefined}>
              {t.cancel}
            </Button>
          )}
          {phase === 'asks' && (
            <Button
              look={danger ? 'danger' : 'primary'}
              disabled={!ready}
              onClick={() => void go(items)}
              data-first={danger || typed ? undefined : ''}
            >
              {action}
            </Button>
          )}
          {phase === 'done' && failed.length > 0 && <Button onClick={() => void go(failed)}>{t.bulkAgain}</Button>}
          {phase !== 'asks' && (
            <Button look="primary" loading={phase === 'runs'} onClick={onClose}>
              {t.close}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  )
}
