// The last hour of units, a minute a step: processor, memory, and whether they reported at all. Asked for the rows in sight only.
import { useEffect, useState } from 'react'
import { api } from '@/api/client'
import type { Beat } from '@/chart/Spark'
import { live } from '@/live'

export type Trend = { cpu: number[]; rss: number[]; beats: Beat[] }
type Matrix = { data?: { result?: { metric: Record<string, string>; values: [number, string][] }[] } }

export const steps = 60
const step = 60 // seconds
const fresh = 60_000 // milliseconds
const kept = new Map<string, { at: number; trend: Trend }>()

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
  const none = Array<number>(steps).fill(Number.NaN)
  for (const id of ids) {
    const c = cpu.get(id) ?? none
    kept.set(id, { at: Date.now(), trend: { cpu: c, rss: rss.get(id) ?? none, beats: beatsOf(c) } })
  }
}

const missing: Trend = { cpu: [], rss: [], beats: Array<Beat>(steps).fill('none') }
export const trendOf = (id: string): Trend => kept.get(id)?.trend ?? missing

/** Keeps the trends of these units fresh; the component draws again when they come. */
export function useTrends(ids: string[]): void {
  const [, draw] = useState(0)
  const key = ids.join(' ')
  useEffect(() => {
    const stop = new AbortController()
    const look = () => {
      const stale = key.split(' ').filter(id => id && Date.now() - (kept.get(id)?.at ?? 0) > fresh)
      if (stale.length)
        load(stale.slice(0, 200), stop.signal).then(
          () => draw(n => n + 1),
          () => {} // without trends the list is still whole; the next round asks again
        )
    }
    const soon = setTimeout(look, 150)
    const timer = setInterval(look, 15_000)
    return () => {
      stop.abort()
      clearTimeout(soon)
      clearInterval(timer)
    }
  }, [key])
}
