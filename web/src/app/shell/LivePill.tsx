import { useState } from 'react'
import { useText } from '@/i18n'
import { ago, clock, num, span } from '@/i18n/format'
import { useLiveStatus, usePaused, useServerNow } from '@/live/hooks'
import { live } from '@/live/store'
import { Button, type Kind, Popover, StatusShape } from '@/ui'
import { shellText } from './text'

const slowAfter = 2000

/** How fresh what the page shows is: by the server's clock, never by this machine's. */
export function LivePill() {
  const t = useText(shellText)
  const s = useLiveStatus()
  const paused = usePaused()
  const [open, setOpen] = useState(false)
  useServerNow() // ages go on
  const wait = Math.max(0, Math.ceil((s.nextAt - Date.now()) / 1000))
  const [kind, word]: [Kind, string] = paused
    ? ['idle', t.paused]
    : s.state === 'live'
      ? s.lag > slowAfter
        ? ['warn', `${t.slow} ${span(s.lag / 1000)}`]
        : ['ok', t.live]
      : s.state === 'offline'
        ? ['unknown', t.offline]
        : s.state === 'reconnecting'
          ? ['pend', `${t.reconnecting}${wait ? ` ${span(wait)}` : ''}`]
          : ['pend', t.connecting]
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={280} trapFocus>
      <Popover.Target>
        <button type="button" className={`pill k-${kind}`} aria-expanded={open} onClick={() => setOpen(!open)}>
          <StatusShape kind={kind} size={9} />
          <span>{word}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown className="stack">
        <p>{s.state === 'live' ? t.lag(`${num(Math.max(0, s.lag))} ms`) : s.since ? `${t.offlineSince(clock(s.since, false))} (${ago((Date.now() - s.since) / 1000)})` : t.connecting}</p>
        <Button onClick={() => live.setPaused(!paused)}>{paused ? t.resume : t.pause}</Button>
      </Popover.Dropdown>
    </Popover>
  )
}

/** While the server does not answer, values are old, not bad. */
export function OfflineBar() {
  const t = useText(shellText)
  const s = useLiveStatus()
  const behind = s.build && s.build !== firstBuild(s.build)
  if (s.state === 'offline')
    return (
      <p className="offline-bar" role="status">
        {t.asOf(clock(s.since, false))}
      </p>
    )
  if (!behind) return null
  return (
    <p className="offline-bar" role="status">
      {t.newBuild}{' '}
      <button type="button" className="link" onClick={() => location.reload()}>
        {t.reload}
      </button>
    </p>
  )
}

let known = ''
function firstBuild(build: string): string {
  known ||= build
  return known
}
