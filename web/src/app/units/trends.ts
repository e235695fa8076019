// The last hour of units, a minute a step: processor, memory, and whether they reported at all. Asked for the rows in sight only.
import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import { api } from '@/api/client'
import type { Beat } from '@/chart/Spark'
import { live } from '@/live'

export type Trend = { cpu: number[]; rss: number[]; beats: Beat[] }
type Matrix = { data?: { result?: { metric: Record<string, string>; values: [number, string][] }[] } }

export const steps = 60
const step = 60 // seconds
const fresh = 60_000 // milliseconds
/** Units whose trends are kept; those that were not asked for the longest go first. */
const most = 2000
const kept = new Map<string, { at: number; trend: Trend }>()
const listeners = new Map<string, Set<() => void>>()

async function ask(metric: string, ids: string[], end: number, signal: AbortSignal): Promise<Map<string, number[]>> {
  const query = `avg_over_time(${metric}{unit_id=~"${ids.join('|')}"}[1m])`
  const start = end - (steps - 1) * step
  const answer = (await api(
    'GET /prometheus/api/v1/query_range',
    { query: { query, start: String(start), end: String(end), step: String(step) } },
    { signal }
  )) as Matrix
  const out = new Map<string, number[]>()
  for (const { metric: m, values } of answer.data?.result ?? []) {
    const row = Array<number>(steps).fill(Number.NaN)
    for (const [t, v] of values) row[Math.round((t - start) / step)] = Number(v)
    if (m.unit_id) out.set(m.unit_id, row)
  }
  return out
}

/** A minute without figures after the first one is a missed heartbeat. */
export function beatsOf(cpu: readonly number[]): Beat[] {
  const first = cpu.findIndex(v => !Number.isNaN(v))
  return cpu.map((v, i) => (first < 0 || i < first ? 'none' : Number.isNaN(v) ? (i === cpu.length - 1 ? 'none' : 'err') : 'ok'))
}

async function load(ids: string[], signal: AbortSignal): Promise<void> {
  const end = Math.floor(live.now() / 1000)
  const [cpu, rss] = await Promise.all([ask('unit_cpu_percent', ids, end, signal), ask('unit_rss_bytes', ids, end, signal)])
  for (const id of ids) {
    const c = cpu.get(id)
    kept.delete(id)
    kept.set(id, { at: Date.now(), trend: c ? { cpu: c, rss: rss.get(id) ?? none, beats: beatsOf(c) } : missing })
  }
  for (const id of kept.keys()) {
    if (kept.size <= most) break
    kept.delete(id)
  }
  for (const id of ids) for (const tell of listeners.get(id) ?? []) tell()
}

const none: number[] = []
const missing: Trend = { cpu: none, rss: none, beats: Array<Beat>(steps).fill('none') }
const trendOf = (id: string): Trend => kept.get(id)?.trend ?? missing

function listen(id: string, tell: () => void): () => void {
  const mine = listeners.get(id) ?? new Set()
  listeners.set(id, mine.add(tell))
  return () => {
    mine.delete(tell)
    if (mine.size === 0 && listeners.get(id) === mine) listeners.delete(id)
  }
}

/** A unit's trend as far as it is known; somebody must watch it. Only what shows it draws again when it comes. */
export function useTrend(id: string): Trend {
  const subscribe = useCallback((tell: () => void) => listen(id, tell), [id])
  return useSyncExternalStore(subscribe, () => trendOf(id))
}

/** Keeps the trends fresh of the units that it was last told of. */
class Watch {
  private stop = new AbortController()
  private soon: ReturnType<typeof setTimeout> | undefined
  private timer: ReturnType<typeof setInterval> | undefined
  private ids: string[] = []

  see = (ids: string[]) => {
    this.end()
    this.ids = ids
    this.stop = new AbortController()
    this.soon = setTimeout(this.look, 150)
    this.timer = setInterval(this.look, 15_000)
  }

  end = () => {
    this.stop.abort()
    clearTimeout(this.soon)
    clearInterval(this.timer)
  }

  private look = () => {
    const stale = this.ids.filter(id => Date.now() - (kept.get(id)?.at ?? 0) > fresh)
    if (stale.length) load(stale.slice(0, 200), this.stop.signal).catch(() => {}) // without trends the list is whole; the next round asks again
  }
}

/** Tells which units are in sight; without drawing again. */
export function useTrendWatch(): (ids: string[]) => void {
  const watch = useMemo(() => new Watch(), [])
  useEffect(() => watch.end, [watch])
  return watch.see
}
