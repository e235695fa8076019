import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TelemetryRow } from '@/api/schema.gen'
import type { TopicEvent } from '@/live'
import { LogTail, shows, timeOf, wordsOf } from './log'

const start = Date.parse('2026-11-21T12:00:00Z')
const row = (id: number, at = id): TelemetryRow =>
  ({ id, timestamp: new Date(start + at).toISOString(), level: 'info', message: `line ${id}`, data: null }) as TelemetryRow
const event = (id: number, at = id): TopicEvent => ({ kind: 'event', seq: id, key: '', data: row(id, at), dropped: 0 })
const gap: TopicEvent = { kind: 'gap', seq: 0, key: '', data: undefined, dropped: 5 }

/** A server whose answers come when the test says so: what it has at that moment, as the routes would answer. */
class Source {
  rows: TelemetryRow[] = []
  limit = 500
  waiting: (() => void)[] = []
  asked: object[] = []
  shows = () => true
  ask = (query: { order: 'asc' | 'desc'; limit: number; from?: string }) =>
    new Promise<{ logs: TelemetryRow[]; next_cursor: null }>(resolve => {
      this.asked.push(query)
      const { order, from } = query
      this.waiting.push(() => {
        const found = this.rows
          .filter(r => !from || r.timestamp >= from)
          .sort((x, y) => timeOf(x.timestamp) - timeOf(y.timestamp) || x.id - y.id)
        resolve({ logs: order === 'asc' ? found : found.reverse(), next_cursor: null })
      })
    })
  async answer() {
    this.waiting.shift()?.()
    await vi.advanceTimersByTimeAsync(0)
  }
}
let source: Source
let tail: LogTail
/** What was on the screen, at each change. */
let screens: number[][]

beforeEach(() => {
  vi.useFakeTimers()
  source = new Source()
  tail = new LogTail(source)
  screens = []
  tail.on(() => screens.push(tail.list.map(l => l.id)))
})
afterEach(() => {
  tail.stop()
  vi.useRealTimers()
})

test('lines that came before the first page stay, each once, in order, at every moment', async () => {
  source.rows = [1, 2, 3, 4].map(i => row(i))
  tail.start()
  tail.follow(true)
  tail.heard([event(5), event(4)])
  tail.heard([event(6)])
  expect(tail.list.map(l => l.id)).toEqual([4, 5, 6])
  await source.answer()
  expect(tail.list.map(l => l.id)).toEqual([1, 2, 3, 4, 5, 6])
  tail.heard([event(8), event(7)])
  source.rows = [5, 6, 7, 8, 9].map(i => row(i))
  await vi.advanceTimersByTimeAsync(0)
  await source.answer()
  expect(tail.list.map(l => l.id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (const s of screens) expect(s, 'rising, without repetition').toEqual([...new Set(s)].sort((a, b) => a - b))
})

test('a line that is stored late stands where the server has it', async () => {
  source.rows = [row(1, 10), row(2, 30)]
  tail.start()
  await source.answer()
  tail.heard([event(3, 20), event(4, 30)])
  expect(tail.list.map(l => l.id)).toEqual([1, 3, 2, 4])
})

test('what a gap left out is asked for at once, from before the gap', async () => {
  source.rows = [row(1)]
  tail.start()
  tail.follow(true)
  await source.answer() // first page
  await vi.advanceTimersByTimeAsync(0)
  await source.answer() // what came before the channel told
  tail.heard([event(2)])
  const before = source.asked.length
  source.rows = [1, 2, 3, 4, 5, 6].map(i => row(i))
  tail.heard([gap, event(6)])
  expect(source.asked.length).toBe(before + 1)
  await source.answer()
  expect(tail.list.map(l => l.id)).toEqual([1, 2, 3, 4, 5, 6])
})

test('when the channel begins to tell, what came before that is asked for', async () => {
  source.rows = [row(1)]
  tail.start()
  await source.answer()
  source.rows.push(row(2))
  const before = source.asked.length
  tail.follow(true)
  expect(source.asked.length).toBe(before + 1)
  await source.answer()
  expect(tail.list.map(l => l.id)).toEqual([1, 2])
})

test('a first page that fails is asked for again', async () => {
  source.rows = [row(1)]
  const ask = source.ask
  source.ask = () => Promise.reject(new Error('away'))
  tail.start()
  await vi.advanceTimersByTimeAsync(0)
  expect(tail.error).toBeDefined()
  source.ask = ask
  await vi.advanceTimersByTimeAsync(1000)
  await source.answer()
  expect(tail.error).toBeUndefined()
  expect(source.asked[0]).toEqual({ order: 'desc', limit: 500 })
  expect(tail.list.map(l => l.id)).toEqual([1])
})

test('microseconds count', () => {
  expect(timeOf('2026-11-21T12:00:00.123456Z') - timeOf('2026-11-21T12:00:00.123455Z')).toBeCloseTo(0.001, 3)
  expect(timeOf('2026-11-21T12:00:00.1234Z')).toBeCloseTo(timeOf('2026-11-21T12:00:00.123Z') + 0.4, 3)
  expect(timeOf('2026-11-21T12:00:00Z')).toBe(start)
})

test('a live line is shown when it fits what was asked', () => {
  const r = { level: 'warn', message: 'Disk is Full' } as TelemetryRow
  expect(shows(r, undefined, [])).toBe(true)
  expect(shows(r, 'error', [])).toBe(false)
  expect(shows(r, 'info', wordsOf('full disk'))).toBe(true)
  expect(shows(r, 'info', wordsOf('"full disk"'))).toBe(false)
  expect(shows(r, 'info', wordsOf('"is full" DISK'))).toBe(true)
  expect(shows(r, 'info', wordsOf('empty'))).toBe(false)
})
