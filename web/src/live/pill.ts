/* What the pill says (reference: LIVE 0.2 s, PAUSED, SLOW, RECONNECTING 3 s, OFFLINE since 12:04:31). */
import type { Status } from './connection'

export type PillState = 'live' | 'paused' | 'slow' | 'reconnecting' | 'offline' | 'connecting'
export interface Pill {
  state: PillState
  /** Seconds: of lag when live or slow, until the next try when reconnecting. */
  seconds: number
  since: number // ms, 0: connected
}
/** A lag above this is slow. */
export const SLOW_MS = 2000

export function pillOf(s: Status, paused: boolean, now: number): Pill {
  const since = s.since
  if (s.state === 'offline') return { state: 'offline', seconds: 0, since }
  if (s.state === 'reconnecting') return { state: 'reconnecting', seconds: Math.max(0, Math.ceil((s.nextAt - now) / 1000)), since }
  if (s.state === 'connecting') return { state: 'connecting', seconds: 0, since }
  if (paused) return { state: 'paused', seconds: 0, since }
  return { state: s.lag > SLOW_MS ? 'slow' : 'live', seconds: s.lag / 1000, since }
}
