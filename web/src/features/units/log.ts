// Lines of a unit: the newest first page, older ones on demand, new ones as they come. Each stands once and in the server's order, whichever
// way it came.
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { api } from '@/api/client'
import { type ApiError, asApiError } from '@/api/problem'
import type { TelemetryRow } from '@/api/schema.gen'
import { live, type TopicEvent } from '@/live'
import { type LogLine, LogLines } from '@/ui/log-lines'

export type LogQuery = { level?: string | undefined; q?: string | undefined; limit?: number }

/** Microseconds count: lines of one millisecond have their order too. */
export function timeOf(timestamp: string): number {
  const ms = Date.parse(timestamp)
  const beyond = /\.\d{3}(\d{1,3})/.exec(timestamp)?.[1]
  return beyond ? ms + Number(beyond.padEnd(3, '0')) / 1000 : ms
}

export const toLine = (r: TelemetryRow): LogLine => ({
  id: r.id,
  t: timeOf(r.timestamp),
  level: r.level,
  text: r.message ?? JSON.stringify(r.data)
})

type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

const ranks = ['debug', 'info', 'warn', 'error', 'fatal']

/** The words and "phrases" of a search, in lower case. */
export const wordsOf = (q: string): string[] =>
  [...q.toLowerCase().matchAll(/"([^"]*)"?|[^\s"]+/g)].map(m => (m[1] ?? m[0]).trim()).filter(Boolean)

/** Whether a line that has just come is one that was asked for: by its level and words, as the server does. */
export function shows(r: TelemetryRow, level: string | undefined, words: readonly string[]): boolean {
  if (level && ranks.indexOf(r.level ?? 'info') < ranks.indexOf(level)) return false
  if (words.length === 0) return true
  const text = (r.message ?? '').toLowerCase()
  return words.every(w => text.includes(w))
}

type Page = { logs: TelemetryRow[]; next_cursor: string | null }
type Asked = { order: 'asc' | 'desc'; limit: number; from?: string; cursor?: string }
export interface LogSource {
  ask(query: Asked, signal: AbortSignal): Promise<Page>
  /** Whether a live line is one that was asked for. */
  shows(r: TelemetryRow): boolean
  /** Lines of the first page. */
  limit: number
}

const PAGE = 1000
/** Asks again so often (ms) what has come: while the live channel does not tell; while it does, for certainty. */
const POLL = 1000
const CHECK = 10_000
/** Looks so far back (ms): a line may be stored a little after younger ones. */
const BACK = 2000

export class LogTail {
  private lines = new LogLines()
  private listeners = new Set<() => void>()
  private life = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined
  private cursor: string | null = null
  private busy = { newer: false, older: false }
  private again = false
  private followed = false
  /** Everything up to this time (ms) is here; 0: there was nothing. */
  private upTo = 0
  private begun = false // the first page is here
  /** What comes live joins on to that: no gap has been told of since the server was asked last. */
  private whole = false
  version = 0
  loading = true
  error: ApiError | undefined

  constructor(private source: LogSource) {}

  get list(): readonly LogLine[] {
    return this.lines.list
  }

  on = (fn: () => void) => {
    this.listeners.add(fn)
    return () => {
      this.listeners.delete(fn)
    }
  }

  private changed(): void {
    this.version++
    for (const fn of this.listeners) fn()
  }

  start(): void {
    this.life = new AbortController()
    this.busy = { newer: false, older: false }
    this.begun = this.whole = false
    void this.first(this.life.signal)
  }

  stop(): void {
    this.life.abort()
    clearTimeout(this.timer)
  }

  /** Whether the live channel tells of new lines; what came before it began to is asked for. */
  follow(on: boolean): void {
    if (on === this.followed) return
    this.followed = on
    this.whole = false
    if (on && this.begun) void this.newer()
  }

  heard(events: readonly TopicEvent[]): void {
    const rows: TelemetryRow[] = []
    let lost = false
    for (const e of events) {
      const r = e.data as TelemetryRow | undefined
      if (e.kind === 'gap' || e.kind === 'resync') {
        lost = true
        this.whole = false
      } else if (e.kind === 'event' && r?.timestamp) {
        if (this.whole) this.upTo = Math.max(this.upTo, timeOf(r.timestamp))
        if (this.source.shows(r)) rows.push(r)
      }
    }
    if (this.lines.add(rows.map(toLine))) this.changed()
    if (lost && this.begun) void this.newer()
  }

  private take(rows: TelemetryRow[]): void {
    this.lines.add(rows.map(toLine))
    for (const r of rows) this.upTo = Math.max(this.upTo, timeOf(r.timestamp))
  }

  private async first(signal: AbortSignal): Promise<void> {
    try {
      const page = await this.source.ask({ order: 'desc', limit: this.source.limit }, signal)
      if (signal.aborted) return
      this.cursor = page.next_cursor
      this.take(page.logs)
      this.error = undefined
      this.begun = true
    } catch (e) {
      if (signal.aborted) return
      this.error = asApiError(e)
    }
    this.loading = false
    this.changed()
    clearTimeout(this.timer)
    if (!this.begun) this.timer = setTimeout(() => void this.first(signal), POLL)
    else if (this.followed) void this.newer()
    else this.timer = setTimeout(() => void this.newer(), POLL)
  }

  /* Everything newer than what is surely here. Asked for anew at once when more was lost meanwhile. */
  private async newer(): Promise<void> {
    if (this.busy.newer) {
      this.again = true
      return
    }
    const { signal } = this.life
    clearTimeout(this.timer)
    this.busy.newer = true
    try {
      do {
        this.again = false
        const since = this.followed
        await this.pages(signal)
        if (signal.aborted) return
        if (!this.again) this.whole = since && this.followed
      } while (this.again)
      this.error = undefined
    } catch (e) {
      if (signal.aborted) return
      this.error = asApiError(e)
      this.changed()
    } finally {
      if (!signal.aborted) this.busy.newer = false
    }
    this.timer = setTimeout(() => void this.newer(), this.whole ? CHECK : POLL)
  }

  private async pages(signal: AbortSignal): Promise<void> {
    const from = this.upTo === 0 ? {} : { from: new Date(this.upTo - BACK).toISOString() }
    let cursor: string | null = null
    do {
      const page: Page = await this.source.ask({ order: 'asc', limit: PAGE, ...from, ...(cursor ? { cursor } : {}) }, signal)
      if (signal.aborted) return
      const before = this.lines.list.length
      this.take(page.logs)
      if (this.lines.list.length !== before || this.error) this.changed()
      cursor = page.next_cursor
    } while (cursor)
  }

  older = (): void => {
    const { signal } = this.life
    if (!this.cursor || this.busy.older) return
    this.busy.older = true
    this.source
      .ask({ order: 'desc', limit: PAGE, cursor: this.cursor }, signal)
      .then(page => {
        this.cursor = page.next_cursor
        this.lines.add(page.logs.map(toLine))
        this.changed()
      })
      .catch(e => {
        if (signal.aborted) return
        this.error = asApiError(e)
        this.changed()
      })
      .finally(() => {
        if (!signal.aborted) this.busy.older = false
      })
  }
}

/** The tail of a unit's log, alive while the component is. What shows it reads it by useTail or useTailHas. */
export function useUnitLog(unit_id: string, { level, q, limit = 500 }: LogQuery): LogTail {
  const tail = useMemo(() => {
    const words = wordsOf(q ?? '')
    return new LogTail({
      limit,
      shows: r => shows(r, level, words),
      ask: (more, signal) =>
        api(
          'GET /api/spark/units/{unit_id}/logs',
          { path: { unit_id }, query: { ...(level ? { level: level as Level } : {}), ...(q ? { q } : {}), ...more } },
          { signal }
        )
    })
  }, [unit_id, level, q, limit])
  useEffect(() => {
    const topic = `unit/${unit_id}/log`
    const phase = () => tail.follow(live.topicState(topic).phase === 'live')
    tail.start()
    const end = live.listen(topic, { batch: events => tail.heard(events), phase })
    phase()
    return () => {
      end()
      tail.stop()
    }
  }, [tail, unit_id])
  return tail
}

/** Draws again with every change of the lines. */
export const useTail = (tail: LogTail): number => useSyncExternalStore(tail.on, () => tail.version)

/** Draws again only when what is asked for is another. */
export const useTailHas = <T extends string | boolean>(tail: LogTail, what: (tail: LogTail) => T): T =>
  useSyncExternalStore(tail.on, () => what(tail))
