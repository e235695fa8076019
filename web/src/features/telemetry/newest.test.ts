import { expect, test } from 'vitest'
import { Turns } from '@/lib/turns'
import type { ChartLine, ChartView } from '@/live/wire'
import { type Known, NewestValues } from './newest'

type Open = { ids: number[]; give: (lines: ChartLine[]) => void; closed: boolean; back: number }

function world(known: Record<number, Known> = {}) {
  const opens: Open[] = []
  const timers: { at: number; fn: () => void; id: number }[] = []
  const frames: (() => void)[] = []
  const asked: number[] = []
  const clock = { now: 0, paused: false }
  const values = new NewestValues(
    300e6,
    {
      open: (layers, view, _o, fn) => {
        const ids = layers.map(l => Number(l.topic.split('/')[1]))
        const o: Open = { ids, give: lines => fn(view as ChartView, lines), closed: false, back: 0 }
        opens.push(o)
        return { view: () => {}, back: () => o.back++, close: () => (o.closed = true) }
      },
      paused: () => clock.paused,
      lastKnown: async id => {
        asked.push(id)
        return known[id] ?? null
      },
      now: () => clock.now,
      after: (ms, fn) => timers.push({ at: clock.now + ms, fn, id: timers.length + 1 }) as never,
      cancel: id => {
        const t = timers[(id as unknown as number) - 1]
        if (t) t.fn = () => {}
      }
    },
    new Turns<number>(
      100,
      4,
      fn => frames.push(fn),
      () => 0
    )
  )
  const pass = (ms: number) => {
    clock.now += ms
    for (const t of timers) {
      if (t.at > clock.now) continue
      const { fn } = t
      t.fn = () => {}
      fn()
    }
  }
  const frame = () => {
    for (const f of frames.splice(0)) f()
  }
  return { values, opens, pass, frame, asked, clock }
}

const line = (lastTime: number, lastValue: number): ChartLine => ({
  x: Float64Array.of(lastTime, 0),
  y: Float64Array.of(lastValue, 0),
  n: Number.isFinite(lastTime) ? 1 : 0,
  start: lastTime,
  lastTime,
  lastValue,
  total: 1,
  rate: 2,
  calibration: null,
  error: ''
})
const nothing = line(Number.NEGATIVE_INFINITY, Number.NaN)

test('only rows in sight are followed; those that change are told, a few in a frame', () => {
  const w = world()
  const told: number[] = []
  const ends = [1, 2, 3, 4, 5, 6].map(id => w.values.listen(id, () => told.push(id)))
  w.values.see([6, 5, 4, 3, 2, 1])
  w.pass(0)
  expect(w.opens[0]?.ids).toEqual([1, 2, 3, 4, 5, 6])
  w.opens[0]?.give([1, 2, 3, 4, 5, 6].map(id => line(id * 1e6, id)))
  expect(told).toEqual([])
  w.frame()
  expect(told).toEqual([1, 2, 3, 4])
  w.frame()
  expect(told).toEqual([1, 2, 3, 4, 5, 6])
  expect(w.values.of(3)?.last).toBe(3)
  expect(w.opens[0]?.back).toBe(1)
  w.opens[0]?.give([1, 2, 3, 4, 5, 6].map(id => (id === 2 ? line(9e6, 22) : line(id * 1e6, id))))
  w.frame()
  expect(told.slice(6)).toEqual([2])
  for (const end of ends) end()
  w.opens[0]?.give([1, 2, 3, 4, 5, 6].map(id => line(10e6, id)))
  w.frame()
  expect(told).toHaveLength(7)
})

test('while one scrolls, what comes into sight is asked for together; the next is open before the last is closed', () => {
  const w = world()
  w.values.see([1, 2])
  w.pass(0)
  for (const at of [3, 4, 5]) {
    w.values.see([at, at + 1])
    w.pass(50)
  }
  expect(w.opens).toHaveLength(1)
  w.pass(200)
  expect(w.opens).toHaveLength(2)
  expect(w.opens[1]?.ids).toEqual([5, 6])
  expect(w.opens.map(o => o.closed)).toEqual([true, false])
  w.values.see([6, 5])
  w.pass(500)
  expect(w.opens).toHaveLength(2)
  w.values.end()
  expect(w.opens[1]?.closed).toBe(true)
})

test('of a row that is silent the last value is asked for once, after a while', async () => {
  const w = world({ 7: { last: 21.5, at: 5e6 } })
  w.values.see([7, 8])
  w.pass(0)
  w.opens[0]?.give([nothing, line(1e6, 1)])
  expect(w.asked).toEqual([])
  w.pass(1500)
  expect(w.asked).toEqual([7])
  await Promise.resolve()
  expect(w.values.of(7)).toMatchObject({ last: 21.5, lastAt: 5e6 })
  w.opens[0]?.give([nothing, line(2e6, 2)])
  expect(w.values.of(7)).toMatchObject({ last: 21.5, lastAt: 5e6 })
  expect(w.asked).toEqual([7])
  w.opens[0]?.give([line(8e6, 30), line(2e6, 2)])
  expect(w.values.of(7)).toMatchObject({ last: 30, lastAt: 8e6 })
})

test('a pause stops what rows show, and gives the buffers back', () => {
  const w = world()
  w.values.see([1])
  w.pass(0)
  w.clock.paused = true
  w.opens[0]?.give([line(1e6, 1)])
  expect(w.values.of(1)).toBe(undefined)
  expect(w.opens[0]?.back).toBe(1)
})

test('of rows out of sight only some are remembered', () => {
  const w = world()
  for (let from = 0; from < 1000; from += 50) {
    const ids = Array.from({ length: 50 }, (_, i) => from + i + 1)
    w.values.see(ids)
    w.pass(200)
    w.opens.at(-1)?.give(ids.map(id => line(id * 1e6, id)))
  }
  const kept = Array.from({ length: 1000 }, (_, i) => i + 1).filter(id => w.values.of(id))
  expect(kept.length).toBeLessThanOrEqual(400)
  expect(kept.at(-1)).toBe(1000)
})
