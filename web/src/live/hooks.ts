import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { SubParams } from './protocol'
import { live, type TopicEvent, type TopicState } from './store'

/** Connects while mounted and signed in; put it once into the shell. doubt: the server may not know us any more
 * (the session ended, or it refuses again and again): ask it who we are. */
export function useLiveConnection(on: boolean, doubt?: () => void): void {
  const ask = useRef(doubt)
  ask.current = doubt
  useEffect(() => {
    if (!on) return
    live.start()
    let asked = false
    const undo = live.onStatus(() => {
      const s = live.status
      const doubtful = s.ended || s.refused >= 2
      if (doubtful && !asked) ask.current?.()
      asked = doubtful
    })
    const visible = () => live.visible(document.visibilityState === 'visible')
    const kick = () => live.kick()
    document.addEventListener('visibilitychange', visible)
    window.addEventListener('online', kick)
    return () => {
      document.removeEventListener('visibilitychange', visible)
      window.removeEventListener('online', kick)
      undo()
      live.stop()
    }
  }, [on])
}

/** What a topic says: snapshot, newest events, newest of each key. null: nothing is subscribed. */
export function useTopic<T = unknown>(topic: string | null): TopicState<T> {
  const subscribe = useCallback((fn: () => void) => (topic ? live.listen(topic, { render: fn }) : () => {}), [topic])
  return useSyncExternalStore(subscribe, () => live.topicState(topic ?? '')) as TopicState<T>
}

/** Whether a topic is followed; draws again only when that changes, not with its events. */
export function useTopicPhase(topic: string): TopicState['phase'] {
  const subscribe = useCallback((fn: () => void) => live.listen(topic, { phase: fn }), [topic])
  return useSyncExternalStore(subscribe, () => live.topicState(topic).phase)
}

/** Every event of a topic, without rendering; fn may change between renders. */
export function useTopicEvents<T = unknown>(topic: string | null, fn: (e: TopicEvent<T>) => void, params?: SubParams): void {
  const latest = useRef(fn)
  latest.current = fn
  const wanted = JSON.stringify(params ?? {})
  useEffect(() => {
    if (!topic) return
    return live.listen(topic, { event: e => latest.current(e as TopicEvent<T>) }, JSON.parse(wanted) as SubParams)
  }, [topic, wanted])
}

/** Whether the live channel stands; draws again only when that changes, not with every heartbeat. */
export const useConnected = () => useSyncExternalStore(live.onStatus, () => live.status.state === 'live')
export const useLiveStatus = () => useSyncExternalStore(live.onStatus, () => live.status)
export const usePaused = () => useSyncExternalStore(live.onStatus, () => live.paused)

const tickers = new Set<() => void>()
let ticker: ReturnType<typeof setInterval> | undefined
let second = 0
function tick(fn: () => void) {
  tickers.add(fn)
  ticker ??= setInterval(() => {
    if (document.visibilityState !== 'visible') return
    second = live.now()
    for (const f of tickers) f()
  }, 1000)
  return () => {
    tickers.delete(fn)
    if (tickers.size) return
    clearInterval(ticker)
    ticker = undefined
  }
}

/** The server's clock in ms, renewed once a second by one timer for all who ask: for ages. */
export function useServerNow(): number {
  const [now, set] = useState(() => live.now())
  useEffect(() => tick(() => set(live.now())), [])
  return now
}

/** What fn makes of the server's clock, looked at once a second; draws again only when that has changed. For cells of
 * ages and states in long lists: most of them stay as they are. */
export function useAtNow<T extends string | number | boolean>(fn: (now: number) => T): T {
  return useSyncExternalStore(tick, () => {
    const now = live.now()
    if (!(now - second < 1000)) second = now
    return fn(second)
  })
}

/** Age of a sample in ms by the server's clock and what to think of it: 5 s amber, 10 s red (or the given ones).
 * Unknown while our own connection is down. */
export type Freshness = 'fresh' | 'late' | 'lost' | 'unknown'
export function freshness(age: number, connected: boolean, late = 5000, lost = 10_000): Freshness {
  if (!connected || !Number.isFinite(age)) return 'unknown'
  if (age > lost) return 'lost'
  return age > late ? 'late' : 'fresh'
}
