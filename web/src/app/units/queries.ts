import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, type Key } from '@/api/client'
import type { ApiError } from '@/api/problem'
import { useQueryClient } from '@/api/query'
import type { Unit } from '@/api/schema.gen'
import { live, type TopicEvent, useLiveStatus, useTopic, useTopicEvents } from '@/live'
import { hasRight, useSession } from '../session/session'
import { useProjects } from '../shell/project'

const key = ['GET /api/spark/units', 'all']
const keyOf = (unit_id: string) => ['GET /api/spark/units/{unit_id}', { path: { unit_id } }] as const

/* The live channel may be quicker than an answer that was composed before: then the channel's row is the newer one. */
const told = new Map<string, { at: number; unit: Unit }>()
const hear = (unit: Unit): void => void told.set(unit.unit_id, { at: performance.now(), unit })
const newest = (u: Unit, asked: number): Unit => {
  const heard = told.get(u.unit_id)
  return heard && heard.at > asked ? heard.unit : u
}
/** It is gone for people as soon as somebody has removed it. */
const gone = (u: Unit): boolean => u.desired === 'removed'

async function allUnits(signal: AbortSignal): Promise<Unit[]> {
  const asked = performance.now()
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
  return units.map(u => newest(u, asked)).filter(u => !gone(u))
}

/** All units that one may see, as they change on the server. */
export function useUnits() {
  const client = useQueryClient()
  const connected = useLiveStatus().state === 'live'
  const q = useQuery<Unit[], ApiError>({
    queryKey: key,
    queryFn: ({ signal }) => allUnits(signal),
    refetchInterval: connected ? 10_000 : 5000
  })
  const { me } = useSession()
  const projects = useProjects()
  const own = [...(me ? [`units/user/${me.id}`] : []), ...projects.filter(p => p.my_role).map(p => `units/project/${p.id}`)]
  const topics = (hasRight(me, 'admin') ? ['units/all'] : own).join(' ')
  useEffect(() => {
    const event = (e: TopicEvent) => {
      const u = e.data as Unit | undefined
      if (e.kind !== 'event' || !u?.unit_id) return
      hear(u)
      client.setQueryData<Unit[]>(key, old => old && withUnit(old, u))
    }
    const ends = topics
      .split(' ')
      .filter(Boolean)
      .map(topic => live.listen(topic, { event }))
    return () => {
      for (const end of ends) end()
    }
  }, [client, topics])
  return q
}

/** The list with a unit's new row in its place; a removed unit leaves it. */
export function withUnit(list: Unit[], u: Unit): Unit[] {
  const at = list.findIndex(x => x.unit_id === u.unit_id)
  if (gone(u)) return at < 0 ? list : list.toSpliced(at, 1)
  return at < 0 ? [...list, u] : list.with(at, u)
}

/** One unit, as it changes. */
export function useUnit(unit_id: string) {
  const client = useQueryClient()
  const topic = `unit/${unit_id}/state`
  const followed = useTopic(topic).phase === 'live'
  const q = useQuery<Unit, ApiError>({
    queryKey: keyOf(unit_id),
    refetchInterval: followed ? 15_000 : 2000,
    queryFn: async ({ signal }) => {
      const asked = performance.now()
      return newest(await api('GET /api/spark/units/{unit_id}', { path: { unit_id } }, { signal }), asked)
    }
  })
  useTopicEvents<Unit>(topic, e => {
    if (!e.data?.unit_id) return
    hear(e.data)
    client.setQueryData(keyOf(unit_id), e.data)
  })
  return q
}

/** Gives a unit a command, shows what the server says of it, and asks for the list again. */
export function useUnitCommand(): (verb: Verb, unit_id: string) => Promise<void> {
  const client = useQueryClient()
  return async (verb, unit_id) => {
    const asked = performance.now()
    const answer = await command(verb, unit_id)
    if (answer) {
      const now = newest(answer, asked)
      client.setQueryData(keyOf(unit_id), now)
      client.setQueryData<Unit[]>(key, old => old?.map(u => (u.unit_id === unit_id ? now : u)))
    }
    void client.invalidateQueries({ queryKey: key })
  }
}

export type Verb = 'stop' | 'start' | 'restart' | 'pause' | 'resume' | 'remove'

async function command(verb: Verb, unit_id: string): Promise<Unit | undefined> {
  if (verb === 'remove') {
    await api('DELETE /api/spark/units/{unit_id}', { path: { unit_id } })
    return undefined
  }
  return (await api(`POST /api/spark/units/{unit_id}/${verb}` as Extract<Key, 'POST /api/spark/units/{unit_id}/stop'>, {
    path: { unit_id }
  })) as Unit
}
