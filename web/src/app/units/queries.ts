// Units as the server has them: asked for, and kept up to date by the live channel.
import { useEffect } from 'react'
import { api, type Key } from '@/api/client'
import type { ApiError } from '@/api/problem'
import { type QueryClient, useQuery, useQueryClient } from '@/api/query'
import type { Unit } from '@/api/schema.gen'
import { live, type TopicEvent, useConnected, useTopicEvents, useTopicPhase } from '@/live'
import { hasRight, useSession } from '../session/session'
import { useProjects } from '../shell/project'
import { type Changes, gone, kept, withChanges } from './list'

const key = ['GET /api/spark/units', 'all']
/** Rows that change faster than this (ms) are shown together: one sees no more, and thousands of units beat at once. */
const PACE = 200
const keyOf = (unit_id: string) => ['GET /api/spark/units/{unit_id}', { path: { unit_id } }] as const

/* The live channel may be quicker than an answer that was composed before: then the channel's row is the newer one. */
const told = new Map<string, { at: number; unit: Unit }>()
const hear = (unit: Unit): void => void told.set(unit.unit_id, { at: performance.now(), unit })
const newest = (u: Unit, asked: number): Unit => {
  const heard = told.get(u.unit_id)
  return heard && heard.at > asked ? heard.unit : u
}

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

/* Gathers changes of rows: the first is shown at once, those that follow closely together. */
class Changing {
  private waiting: Changes = new Map()
  private timer: ReturnType<typeof setTimeout> | undefined
  private last = 0

  constructor(private client: QueryClient) {}

  hear = (events: TopicEvent[]) => {
    for (const e of events) {
      const u = e.data as Unit | undefined
      if (e.kind === 'gap' || e.kind === 'resync') void this.client.invalidateQueries({ queryKey: key })
      if (e.kind !== 'event' || !u?.unit_id) continue
      this.waiting.set(u.unit_id, u)
      hear(u)
    }
    if (this.waiting.size) this.timer ??= setTimeout(this.show, Math.max(0, this.last + PACE - performance.now()))
  }

  end = () => clearTimeout(this.timer)

  private show = () => {
    this.timer = undefined
    this.last = performance.now()
    const changes = this.waiting
    this.waiting = new Map()
    this.client.setQueryData<Unit[]>(key, old => old && withChanges(old, changes))
  }
}

/** All units that one may see, as they change on the server. */
export function useUnits() {
  const client = useQueryClient()
  const connected = useConnected()
  const q = useQuery<Unit[], ApiError>({
    queryKey: key,
    queryFn: ({ signal }) => allUnits(signal),
    structuralSharing: (old, now) => kept(old as Unit[] | undefined, now as Unit[]),
    // Long lists are asked for less often: the live channel tells what changes, this finds what others share with one.
    refetchInterval: ({ state }) => Math.max(connected ? 10_000 : 5000, (state.data?.length ?? 0) * 10)
  })
  const { me } = useSession()
  const projects = useProjects()
  const own = [...(me ? [`units/user/${me.id}`] : []), ...projects.filter(p => p.my_role).map(p => `units/project/${p.id}`)]
  const topics = (hasRight(me, 'admin') ? ['units/all'] : own).join(' ')
  useEffect(() => {
    const changing = new Changing(client)
    const ends = topics
      .split(' ')
      .filter(Boolean)
      .map(topic => live.listen(topic, { batch: changing.hear }))
    return () => {
      changing.end()
      for (const end of ends) end()
    }
  }, [client, topics])
  return q
}

/** One unit, as it changes. */
export function useUnit(unit_id: string) {
  const client = useQueryClient()
  const topic = `unit/${unit_id}/state`
  const followed = useTopicPhase(topic) === 'live'
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
