/* Series of the server. All that one may see are read page by page, up to a bound: the list filters as one types. */
import { useQuery } from '@tanstack/react-query'
import { api, type Result } from '@/api/client'
import type { ApiError } from '@/api/problem'
import { queryClient } from '@/api/query'
import { live } from '@/live'
import type { Known } from './newest'

export type Series = Result<'GET /api/v1/series'>['items'][number]

/** Most series that a list holds; more are found by a filter that the server applies. */
export const MOST = 5000

async function all(signal: AbortSignal): Promise<Series[]> {
  const items: Series[] = []
  let cursor: string | null = null
  do {
    const page: Result<'GET /api/v1/series'> = await api('GET /api/v1/series', { query: { cursor, limit: 1000 } }, { signal })
    items.push(...page.items)
    cursor = page.next_cursor
  } while (cursor && items.length < MOST)
  return items
}

export const useSeries = () =>
  useQuery<Series[], ApiError>({
    queryKey: ['GET /api/v1/series', 'all'],
    queryFn: ({ signal }) => all(signal),
    refetchInterval: 10_000
  })

/** Labels as {name: value}. */
export function labelsOf(s: Series): [string, string][] {
  const o = (s.labels ?? {}) as Record<string, unknown>
  return Object.entries(o).map(([k, v]) => [k, String(v)])
}

/** For people: of a unit's series the unit's name comes first, which says what its id says; where it runs comes last. */
export function shownLabels(s: Series): [string, string][] {
  const labels = labelsOf(s)
  if (!labels.some(([k]) => k === 'unit')) return labels
  const place = ([k]: [string, string]) => (k === 'unit' ? 0 : k === 'package' || k === 'host' ? 2 : 1)
  return labels.filter(([k]) => k !== 'unit_id').sort((a, b) => place(a) - place(b))
}

/** "temperature {room=12, host=a}": what tells a series from its neighbours. */
export const titleOf = (s: Series): string => title(s.name, shownLabels(s))

const title = (name: string, labels: readonly [string, string][]): string =>
  labels.length ? `${name} {${labels.map(([k, v]) => `${k}=${v}`).join(', ')}}` : name

/** Titles of series that stand together: of their labels only those that tell them apart. */
export function briefTitles(list: readonly Series[]): string[] {
  const same = ([k, v]: [string, string]) => list.every(s => labelsOf(s).some(([key, value]) => key === k && value === v))
  return list.map(s =>
    title(
      s.name,
      shownLabels(s).filter(l => !same(l))
    )
  )
}

/** The node's figures of itself stand behind everybody else's series. */
export const orderOf = (s: Series): string => (/^(netbit|process)_/.test(s.name) ? '\uffff' : '') + titleOf(s)

/** Keys and their values, for the filter's suggestions. */
export function keysOf(list: readonly Series[]): Record<string, string[]> {
  const keys = new Map<string, Set<string>>()
  const put = (k: string, v: string) => {
    const set = keys.get(k) ?? new Set()
    if (set.size < 200) set.add(v)
    keys.set(k, set)
  }
  for (const s of list) {
    put('name', s.name)
    if (s.unit) put('unit', s.unit)
    for (const [k, v] of labelsOf(s)) if (/^[\p{L}_]+$/u.test(k)) put(k.toLowerCase(), v)
  }
  return Object.fromEntries([...keys].map(([k, v]) => [k, [...v].sort()]))
}

export function valuesOf(s: Series, key: string): string[] | undefined {
  if (key === 'name') return [s.name]
  if (key === 'unit') return [s.unit ?? '']
  const found = labelsOf(s).filter(([k]) => k.toLowerCase() === key)
  return found.length ? found.map(([, v]) => v) : []
}

const LOOK_BACK = 30 * 86400e6

/** The last value of a series that is silent now: of the last thirty days. */
export const lastKnown = (id: number): Promise<Known | null> =>
  queryClient.fetchQuery({
    queryKey: ['last', id],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Known | null> => {
      const to = Math.ceil(live.now() * 1000)
      const query = { from: String(to - LOOK_BACK), to: String(to), n: 1 }
      const r = await api('GET /api/v1/series/{id}/buckets', { path: { id }, query }, { signal })
      const b = (r.buckets as unknown as { last: number | null; t_last: number | null }[])[0]
      return b && b.t_last !== null ? { last: b.last ?? Number.NaN, at: b.t_last } : null
    }
  })
