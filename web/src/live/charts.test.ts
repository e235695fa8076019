import { describe, expect, test } from 'vitest'
import { Charts } from './charts'
import { Connection, type Sub } from './connection'
import { Flag, type Frame, Kind } from './frame'
import type { ChartLine, ChartView, FromWorker } from './wire'

const T0 = 1_763_730_000_000_000
const view = (over: Partial<ChartView> = {}): ChartView => ({ live: true, span: 20e6, from: 0, to: 0, columns: 900, ...over })

function setup() {
  const posted: FromWorker[] = []
  const timers: (() => void)[] = []
  let now = T0
  const socket = { binaryType: '', onopen: null, onclose: null, onmessage: null, send() {}, close() {} }
  const conn = new Connection(
    { open: () => socket, now: () => now / 1000, after: () => 0, cancel() {}, random: () => 0 },
    { status() {}, message() {}, frame() {} }
  )
  const charts = new Charts({ conn, now: () => now, post: m => posted.push(m), after: (_ms, fn) => timers.push(fn) })
  const sub = (topic: string) => [...conn.list()].find(s => s.topic === topic) as Sub
  const run = () => {
    now += 33_000 // a timer's wait
    for (const fn of timers.splice(0)) fn()
    return posted.splice(0) as Extract<FromWorker, { k: 'chart' }>[]
  }
  return { charts, conn, sub, run }
}
const regular = (kind: number, t0: number, dt: number, values: number[], flags = 0): Frame => ({
  kind,
  flags: Flag.regular | flags,
  chan: 1,
  seq: 1,
  rows: values.length,
  t0,
  dt,
  columns: [new Float32Array(values)]
})
const ys = (l: ChartLine) => [...l.y.subarray(0, l.n)]

describe('charts of the worker', () => {
  test('snapshot, appends, thinning, both layers', () => {
    const s = setup()
    s.charts.open(
      1,
      [
        { topic: 'series/1', layer: 'raw' },
        { topic: 'series/1', layer: 'physical' }
      ],
      view(),
      40000
    )
    const sub = s.sub('series/1')
    expect(sub.params).toEqual({ window: 20, px: 900, maxHz: 30 })
    s.charts.message(sub, {
      op: 'sub.ok',
      id: sub.id,
      chan: 1,
      epoch: 1,
      schema: { calibration: { kind: 'affine', scale: 10, offset: 1 } }
    })
    const values = Array.from({ length: 20000 }, (_, i) => i % 100)
    s.charts.frame(sub, regular(Kind.snapshot, T0 - 20e6, 500, values.slice(0, 20000)))
    s.charts.frame(sub, regular(Kind.snapshot, T0 - 10e6, 500, values, Flag.last))
    const [m] = s.run()
    expect(m?.lines).toHaveLength(2)
    const [raw, physical] = (m?.lines ?? []) as [ChartLine, ChartLine]
    expect(raw.total).toBe(40000)
    expect(raw.n).toBeGreaterThan(1000)
    expect(raw.n).toBeLessThan(2200)
    expect(Math.max(...ys(raw))).toBe(99)
    expect(Math.max(...ys(physical))).toBe(991)
    expect(raw.rate).toBe(2000)
    expect(raw.lastTime).toBe(T0 - 500)
  })

  test('two answers are on their way at most; buffers are used again', () => {
    const s = setup()
    s.charts.open(1, [{ topic: 'series/1', layer: 'raw' }], view(), 1000)
    const sub = s.sub('series/1')
    const got: ChartLine[][] = []
    for (let i = 0; i < 5; i++) {
      s.charts.frame(sub, regular(Kind.append, T0 + i * 1000, 500, [1, 2]))
      for (const m of s.run()) got.push(m.lines)
    }
    expect(got).toHaveLength(2)
    const first = got[0] as ChartLine[]
    s.charts.back(1, first)
    const more = s.run()
    expect(more).toHaveLength(1)
    expect(more[0]?.lines[0]?.lastTime).toBe(T0 + 4500)
  })

  test('a list asks for two answers a second', () => {
    const s = setup()
    s.charts.open(1, [{ topic: 'series/1', layer: 'raw' }], view(), 1000, 2)
    let answers = 0
    for (let i = 0; i < 60; i++) {
      s.charts.frame(s.sub('series/1'), regular(Kind.append, T0 + i * 33_000, 500, [1, 2]))
      for (const m of s.run()) {
        answers++
        s.charts.back(1, m.lines)
      }
    }
    expect(answers).toBe(4)
  })

  test('a chart that is not drawn, and a hidden page, cost nothing', () => {
    const s = setup()
    s.charts.open(1, [{ topic: 'series/1', layer: 'raw' }], view(), 1000)
    s.run()
    s.charts.view(1, view(), false)
    s.charts.frame(s.sub('series/1'), regular(Kind.append, T0, 500, [1, 2]))
    expect(s.run()).toHaveLength(0)
    s.charts.view(1, view(), true)
    expect(s.run()).toHaveLength(1)
    s.charts.setVisible(false)
    expect(s.sub('series/1').paused).toBe(true)
    s.charts.setVisible(true)
    expect(s.sub('series/1').paused).toBe(false)
  })

  test('charts share a series; the last one that closes ends the subscription', () => {
    const s = setup()
    s.charts.open(1, [{ topic: 'series/1', layer: 'raw' }], view(), 1000)
    s.charts.open(2, [{ topic: 'series/1', layer: 'raw' }], view(), 1000)
    expect([...s.conn.list()]).toHaveLength(1)
    s.charts.close(1)
    expect([...s.conn.list()]).toHaveLength(1)
    s.charts.close(2)
    expect([...s.conn.list()]).toHaveLength(0)
  })

  test('gaps break the line; 16 bit columns are scaled; buckets bring both extremes', () => {
    const s = setup()
    s.charts.open(1, [{ topic: 'series/1', layer: 'raw' }], view(), 1000)
    const sub = s.sub('series/1')
    s.charts.message(sub, { op: 'sub.ok', id: sub.id, chan: 1, epoch: 1, schema: { scale: 0.5, offset: 100 } })
    s.charts.frame(sub, { ...regular(Kind.append, T0, 1000, [1, 2]), columns: [new Int16Array([2, 4])] })
    s.charts.message(sub, { op: 'gap', chan: 1, dropped: 3 })
    s.charts.frame(sub, { ...regular(Kind.append, T0 + 3000, 1000, []), rows: 1, columns: [new Int16Array([6])] })
    expect(ys(s.run()[0]?.lines[0] as ChartLine)).toEqual([101, 102, Number.NaN, 103])
    s.charts.frame(sub, {
      ...regular(Kind.buckets, T0 + 4000, 1000, [0, 0]),
      columns: [new Float32Array([1, 2]), new Float32Array([8, 9])]
    })
    expect(ys(s.run()[0]?.lines[0] as ChartLine).slice(4)).toEqual([1, 8, 2, 9])
    s.charts.frame(sub, { ...regular(Kind.append, T0 + 9000, 1000, [7]), columns: [new Float32Array([7])] })
    s.charts.back(1, [])
    s.run()
    s.charts.back(1, [])
    s.charts.view(1, view({ live: false, from: T0, to: T0 + 20_000 }), true)
    const still = s.run()[0]?.lines[0] as ChartLine
    expect([ys(still), still.start]).toEqual([[7], T0 + 9000])
  })

  test('an error of the topic reaches the chart', () => {
    const s = setup()
    s.charts.open(1, [{ topic: 'series/1', layer: 'raw' }], view(), 1000)
    const sub = s.sub('series/1')
    s.charts.message(sub, { op: 'err', id: sub.id, code: 'forbidden' })
    expect(s.run()[0]?.lines[0]?.error).toBe('forbidden')
  })
})
