// Lines of a unit: the newest first page, older ones on demand, new ones as they come.
import { useCallback, useEffect, useRef, useState } from 'react'
import { api } from '@/api/client'
import { type ApiError, asApiError } from '@/api/problem'
import type { TelemetryRow } from '@/api/schema.gen'
import { useTopic, useTopicEvents } from '@/live'
import type { LogLine } from '@/ui'

export type LogQuery = { level?: string | undefined; q?: string | undefined; limit?: number }
const most = 50_000

export const toLine = (r: TelemetryRow): LogLine => ({
  id: r.id,
  t: Date.parse(r.timestamp),
  level: r.level,
  text: r.message ?? JSON.stringify(r.data)
})

type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

const ranks = ['debug', 'info', 'warn', 'error', 'fatal']

/** Whether a line that has just come is one that was asked for: by its level and words. */
export function shows(r: TelemetryRow, level: string | undefined, q: string | undefined): boolean {
  if (level && ranks.indexOf(r.level ?? 'info') < ranks.indexOf(level)) return false
  return !q || (r.message ?? '').toLowerCase().includes(q.toLowerCase())
}

/** Adds rows that are not there yet, in the order of time; both lists are in order. */
export function merged(old: LogLine[], rows: LogLine[]): LogLine[] {
  if (rows.length === 0) return old
  const known = new Set(old.slice(-2000).map(l => l.id))
  for (const l of old.slice(0, 2000)) known.add(l.id)
  const fresh = rows.filter(r => !known.has(r.id))
  if (fresh.length === 0) return old
  const before = fresh.filter(r => old[0] && (r.t < old[0].t || (r.t === old[0].t && r.id < old[0].id)))
  const after = old[0] ? fresh.filter(r => !before.includes(r)) : fresh
  return [...before, ...old, ...after].slice(-most)
}

export function useUnitLog(unit_id: string, { level, q, limit = 500 }: LogQuery) {
  const [lines, setLines] = useState<LogLine[]>([])
  const [error, setError] = useState<ApiError>()
  const [loading, setLoading] = useState(true)
  const older = useRef<{ cursor: string | null; busy: boolean }>({ cursor: null, busy: false })
  const newest = useRef<string | null>(null)
  const topic = `unit/${unit_id}/log`
  const followed = useTopic(topic).phase === 'live'
  const pace = useRef(1000)
  pace.current = followed ? 10_000 : 1000 // lines come by themselves; asking now and then finds what a gap left out
  useTopicEvents<TelemetryRow>(topic, e => {
    const r = e.data
    if (e.kind === 'event' && r?.timestamp && shows(r, level, q)) setLines(old => merged(old, [toLine(r)]))
  })

  const ask = useCallback(
    (more: object, signal?: AbortSignal) =>
      api(
        'GET /api/spark/units/{unit_id}/logs',
        { path: { unit_id }, query: { ...(level ? { level: level as Level } : {}), ...(q ? { q } : {}), ...more } },
        { signal }
      ),
    [unit_id, level, q]
  )

  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const gone = (e: unknown) => stop.signal.aborted || setError(asApiError(e))
    const note = (rows: TelemetryRow[]) => {
      const last = rows.reduce<string | null>((m, r) => (m === null || r.timestamp > m ? r.timestamp : m), newest.current)
      newest.current = last
    }
    setLines([])
    setLoading(true)
    setError(undefined)
    newest.current = null
    older.current = { cursor: null, busy: false }
    const tail = async () => {
      try {
        const page = await ask({ order: 'asc', limit: 1000, ...(newest.current ? { from: newest.current } : {}) }, stop.signal)
        note(page.logs)
        setLines(old => merged(old, page.logs.map(toLine)))
        setError(undefined)
      } catch (e) {
        gone(e)
      }
      if (!stop.signal.aborted) timer = setTimeout(tail, pace.current)
    }
    ask({ order: 'desc', limit }, stop.signal)
      .then(page => {
        older.current.cursor = page.next_cursor
        note(page.logs)
        setLines(page.logs.map(toLine).reverse())
        setLoading(false)
        timer = setTimeout(tail, 1000)
      })
      .catch(e => {
        gone(e)
        setLoading(false)
      })
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [ask, limit])

  const onOlder = useCallback(() => {
    const o = older.current
    if (!o.cursor || o.busy) return
    o.busy = true
    ask({ order: 'desc', limit: 1000, cursor: o.cursor })
      .then(page => {
        o.cursor = page.next_cursor
        setLines(old => merged(old, page.logs.map(toLine).reverse()))
      })
      .catch(e => setError(asApiError(e)))
      .finally(() => {
        o.busy = false
      })
  }, [ask])
  return { lines, error, loading, onOlder }
}
