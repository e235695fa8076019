// What state a unit is shown in: what it reported, what it was asked for, and whether it still reports.
import type { Unit } from '@/api/schema.gen'

const lateAfter = 90 // seconds; heartbeats come every 30

export function unitState(u: Unit, now: number): string {
  if (u.command_action && !u.command_error) {
    if (u.command_action === 'restart') return 'restarting'
    if (u.command_action === 'start' || u.command_action === 'resume') return 'starting'
    return 'stopping'
  }
  if (u.status === 'running' && ageOf(u, now) > lateAfter) return 'late'
  return u.status
}

/** Seconds since the last heartbeat by the server's clock; Infinity: there was none. */
export const ageOf = (u: Unit, now: number): number =>
  u.last_heartbeat ? (now - Date.parse(u.last_heartbeat)) / 1000 : Number.POSITIVE_INFINITY

/** Seconds that it has run, going on between answers. */
export function uptimeOf(u: Unit, now: number): number | null {
  if (u.status !== 'running' && u.status !== 'paused') return null
  return u.started_at ? (now - Date.parse(u.started_at)) / 1000 : u.uptime_s
}
