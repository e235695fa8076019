/* The state of the live connection in the header; a click tells the details. */
import { type CSSProperties, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { loop } from '@/chart/loop'
import { useText } from '@/i18n'
import { bytes, clock, num } from '@/i18n/format'
import { useLiveStatus, usePaused, useServerNow } from './hooks'
import { liveText } from './i18n'
import { type Pill, type PillState, pillOf } from './pill'
import './live.css'
import { live } from './store'
import type { TopicStats } from './wire'

const tone: Record<PillState, string> = {
  live: 'ok',
  paused: 'idle',
  slow: 'warn',
  reconnecting: 'info',
  offline: 'err',
  connecting: 'info'
}
const shape: Record<PillState, string> = { live: '●', paused: '■', slow: '▲', reconnecting: '◌', offline: '✕', connecting: '◌' }

export function useLivePill(): Pill {
  const status = useLiveStatus()
  const paused = usePaused()
  useServerNow()
  return pillOf(status, paused, Date.now())
}

export function LivePill() {
  const pill = useLivePill()
  const t = useText(liveText)
  const eco = useSyncExternalStore(loop.onEco, () => loop.eco)
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return
    const away = (e: Event) => {
      const key = (e as KeyboardEvent).key
      if (key ? key === 'Escape' : !root.current?.contains(e.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', away)
    document.addEventListener('keydown', away)
    return () => {
      document.removeEventListener('pointerdown', away)
      document.removeEventListener('keydown', away)
    }
  }, [open])
  const color = { '--tone': `var(--${tone[pill.state]})`, '--tone-bg': `var(--${tone[pill.state]}-bg)` } as CSSProperties
  return (
    <div className="nb-live" ref={root}>
      <button
        type="button"
        className="nb-live-pill"
        style={color}
        aria-expanded={open}
        aria-haspopup="dialog"
        title={t.details}
        data-state={pill.state}
        onClick={() => setOpen(!open)}
      >
        <span aria-hidden="true">{shape[pill.state]}</span>
        <span>{t[pill.state]}</span>
        <span className="nb-live-detail">{detail(pill, t)}</span>
        {eco && <span title={t.eco}>eco</span>}
      </button>
      {open && <Details />}
    </div>
  )
}

function detail(p: Pill, t: typeof liveText.en): string {
  if (p.state === 'live' || p.state === 'slow') return t.seconds(num(p.seconds, 1))
  if (p.state === 'reconnecting') return t.seconds(num(p.seconds))
  return p.state === 'offline' ? t.since(clock(p.since, false)) : ''
}

interface Rate extends TopicStats {
  perSecond: number
}

function useRates(): Rate[] {
  const [rates, set] = useState<Rate[]>([])
  useEffect(() => {
    let before = new Map<string, number>()
    let at = performance.now()
    const ask = () =>
      live.stats(topics => {
        const now = performance.now()
        const passed = Math.max(0.1, (now - at) / 1000)
        set(topics.map(x => ({ ...x, perSecond: Math.max(0, x.bytes - (before.get(x.topic) ?? x.bytes)) / passed })))
        before = new Map(topics.map(x => [x.topic, x.bytes]))
        at = now
      })
    ask()
    const timer = setInterval(ask, 1000)
    return () => clearInterval(timer)
  }, [])
  return rates
}

function Details() {
  const t = useText(liveText)
  const status = useLiveStatus()
  const paused = usePaused()
  const rates = useRates()
  const now = useServerNow()
  return (
    <div className="nb-live-details" role="dialog" aria-label={t.details}>
      <div className="nb-live-actions">
        <button type="button" className="nb-live-pill" onClick={() => live.setPaused(!paused)}>
          {paused ? t.resume : t.pause}
        </button>
        {status.since > 0 && (
          <button type="button" className="nb-live-pill" onClick={() => live.kick()}>
            {t.retry}
          </button>
        )}
        <span>
          {t.lag}: {t.seconds(num(status.lag / 1000, 1))}
        </span>
      </div>
      {rates.length === 0 ? (
        <p>{t.none}</p>
      ) : (
        <div className="nb-live-scroll" tabIndex={0} role="region" aria-label={t.topic}>
          <table>
            <thead>
              <tr>
                {[t.topic, t.messages, t.traffic, t.dropped, t.delay].map(h => (
                  <th scope="col" key={h}>
                    {h}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rates.map(r => (
                <tr key={r.topic}>
                  <td>{r.topic}</td>
                  <td>{num(r.frames)}</td>
                  <td>{bytes(r.perSecond)}</td>
                  <td>{num(r.dropped)}</td>
                  <td>{r.lastAt ? t.seconds(num(Math.max(0, now - r.lastAt / 1000) / 1000, 1)) : '—'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}
