import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '@/api/client'
import type { ApiError } from '@/api/problem'
import { useApi } from '@/api/query'
import type { Unit } from '@/api/schema.gen'
import type { Beat } from '@/chart/Spark'
import { live } from '@/live'
import { ageOf } from './state'

const key = ['GET /api/spark/units', 'all']

async function allUnits(signal: AbortSignal): Promise<Unit[]> {
  const units: Unit[] = []
  let cursor: string | null = null
  do {
    const page: { units: Unit[]; next_cursor: string | null } = await api(
      'GET /api/spark/units',
      { query: { limit: 1000, ...(cursor ? { cursor } : {}) } },
      { signal }
    )
    units.push(...page.units)
    cursor = page.next_cursor
  } while (cursor)
  return units
}

/** All units that one may see. */
export function useUnits() {
  const q = useQuery<Unit[], ApiError>({ queryKey: key, queryFn: ({ signal }) => allUnits(signal), refetchInterval: 5000 })
  useEffect(() => remember(q.data ?? []), [q.data])
  return q
}

export const useUnit = (unit_id: string) => useApi('GET /api/spark/units/{unit_id}', { path: { unit_id } }, { every: 2000 })

/** After a command: the row and the list are asked again. */
export function useRefreshUnits(): (changed?: Unit) => void {
  const client = useQueryClient()
  return changed => {
    if (changed) {
      client.setQueryData(['GET /api/spark/units/{unit_id}', { path: { unit_id: changed.unit_id } }], changed)
      client.setQueryData<Unit[]>(key, old => old?.map(u => (u.unit_id === changed.unit_id ? changed : u)))
    }
    void client.invalidateQueries({ queryKey: key })
  }
}

// The last figures of each unit since the page was opened, for the small drawings of the list.
export type Recent = { cpu: number[]; rss: number[]; beats: Beat[]; heartbeat: string | null }
const kept = 60
const recent = new Map<string, Recent>()

function remember(units: Unit[]): void {
  for (const u of units) {
    const r = recent.get(u.unit_id) ?? { cpu: [], rss: [], beats: [], heartbeat: null }
    const age = ageOf(u, live.now())
    const beat: Beat = u.status === 'failed' ? 'err' : u.status !== 'running' ? 'none' : age > 90 ? 'warn' : 'ok'
    recent.set(u.unit_id, {
      cpu: [...r.cpu, u.cpu_percent].slice(-kept),
      rss: [...r.rss, u.rss_bytes ?? Number.NaN].slice(-kept),
      beats: [...r.beats, beat].slice(-kept),
      heartbeat: u.last_heartbeat
    })
  }
}

const nothing: Recent = { cpu: [], rss: [], beats: [], heartbeat: null }
export const recentOf = (unit_id: string): Recent => recent.get(unit_id) ?? nothing
