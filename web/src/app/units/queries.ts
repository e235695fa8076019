import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '@/api/client'
import type { ApiError } from '@/api/problem'
import { useApi, useQueryClient } from '@/api/query'
import type { Unit } from '@/api/schema.gen'
import { live, type TopicEvent, useLiveStatus, useTopic, useTopicEvents } from '@/live'
import { useSession } from '../session/session'
import { useProjects } from '../shell/project'

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

/** All units that one may see; those of one's own and of one's projects change as they change on the server. */
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
  const topics = [...(me ? [`units/user/${me.id}`] : []), ...projects.filter(p => p.my_role).map(p => `units/project/${p.id}`)].join(' ')
  useEffect(() => {
    const event = (e: TopicEvent) => {
      const u = e.data as Unit | undefined
      if (e.kind === 'event' && u?.unit_id) client.setQueryData<Unit[]>(key, old => old && withUnit(old, u))
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
  if (u.desired === 'removed' && u.status === 'stopped') return at < 0 ? list : list.toSpliced(at, 1)
  return at < 0 ? [...list, u] : list.with(at, u)
}

/** One unit, as it changes. */
export function useUnit(unit_id: string) {
  const client = useQueryClient()
  const topic = `unit/${unit_id}/state`
  const followed = useTopic(topic).phase === 'live'
  const q = useApi('GET /api/spark/units/{unit_id}', { path: { unit_id } }, { every: followed ? 15_000 : 2000 })
  useTopicEvents<Unit>(topic, e => {
    if (e.data?.unit_id) client.setQueryData(['GET /api/spark/units/{unit_id}', { path: { unit_id } }], e.data)
  })
  return q
}

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
