import { describe, expect, test } from 'vitest'
import { calibrate, calibrateOne, readCalibration } from './calibrate'
import { extent, type Line, minMax, plain, type Window } from './decimate'
import { m4 } from './m4'
import { lowerBound, Ring, usualStep } from './ring'

const T0 = 1_763_730_000_000_000
const arr = (...v: number[]) => new Float64Array(v)

/* A generator of its own: the same numbers in every run. */
function random(seed: number) {
  let s = seed >>> 0
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return s / 4294967296
  }
}
function signal(n: number, seed: number, nan = 0) {
  const r = random(seed)
  const t = new Float64Array(n)
  const y = new Float64Array(n)
  let at = T0
  for (let i = 0; i < n; i++) {
    at += 1 + Math.floor(r() * 1000)
    t[i] = at
    y[i] = r() < nan ? Number.NaN : Math.sin(i / 50) + r() * 0.3
  }
  return { t, y }
}
const rows = (l: Line) => Array.from({ length: l.n }, (_, i) => [l.x[i] as number, l.y[i] as number])

describe('ring', () => {
  test('holds the newest, one piece of memory, over many appends', () => {
    const ring = new Ring(1000)
    const all: number[] = []
    const r = random(1)
    let t = 0
    for (let k = 0; k < 300; k++) {
      const n = 1 + Math.floor(r() * 60)
      const ts = new Float64Array(n).map(() => ++t)
      ring.append(ts, ts)
      all.push(...ts)
      expect([...ring.view().t]).toEqual(all.slice(-1000))
      expect([...ring.view().y]).toEqual(all.slice(-1000))
    }
    expect(ring.total).toBe(all.length)
  })

  test('a batch larger than itself', () => {
    const ring = new Ring(10, false)
    ring.append(
      arr(...Array.from({ length: 35 }, (_, i) => i)),
      Array.from({ length: 35 }, (_, i) => i)
    )
    expect([...ring.view().y]).toEqual([25, 26, 27, 28, 29, 30, 31, 32, 33, 34])
  })

  test('a batch between one and two capacities after others', () => {
    const ring = new Ring(10)
    ring.append(arr(1, 2, 3, 4, 5, 6, 7), arr(1, 2, 3, 4, 5, 6, 7))
    ring.append(arr(8, 9, 10, 11, 12, 13, 14, 15, 16), arr(8, 9, 10, 11, 12, 13, 14, 15, 16))
    ring.append(arr(17, 18, 19, 20, 21, 22, 23), arr(17, 18, 19, 20, 21, 22, 23))
    expect([...ring.view().t]).toEqual([14, 15, 16, 17, 18, 19, 20, 21, 22, 23])
  })

  test('late and repeated points find their place, the last written wins', () => {
    const ring = new Ring(100)
    ring.append(arr(10, 20, 30), arr(1, 2, 3))
    ring.append(arr(5, 20, 25, 40), arr(9, 8, 7, 6))
    expect([...ring.view().t]).toEqual([5, 10, 20, 25, 30, 40])
    expect([...ring.view().y]).toEqual([9, 1, 8, 7, 3, 6])
    expect(ring.lastValue).toBe(6)
  })

  test('gap', () => {
    const ring = new Ring(10)
    ring.gap(1)
    expect(ring.length).toBe(0)
    ring.append(arr(1), arr(1))
    ring.gap(2)
    ring.gap(3)
    expect([...ring.view().y]).toEqual([1, Number.NaN])
  })

  test('search and step', () => {
    expect(lowerBound(arr(1, 3, 5), 3)).toBe(1)
    expect(lowerBound(arr(1, 3, 5), 6)).toBe(3)
    expect(lowerBound(arr(), 6)).toBe(0)
    expect(usualStep(arr(0, 10, 20, 30, 1000, 1010))).toBe(10)
    expect(usualStep(arr(0, 1))).toBe(0)
  })
})

/* What a screen shows of a polyline: per column of pixels the rows of pixels that its segments touch. */
function raster(line: [number, number][], w: Window, lo: number, hi: number, height: number): Set<number> {
  const on = new Set<number>()
  const px = (t: number) => ((t - w.from) / (w.to - w.from)) * w.columns
  const py = (v: number) => ((v - lo) / (hi - lo)) * (height - 1)
  const dot = (c: number, a: number, b: number) => {
    if (c < 0 || c >= w.columns) return
    for (let r = Math.floor(Math.min(a, b)); r <= Math.floor(Math.max(a, b)); r++) on.add(c * height + r)
  }
  for (let i = 1; i < line.length; i++) {
    const [ta, va] = line[i - 1] as [number, number]
    const [tb, vb] = line[i] as [number, number]
    if (Number.isNaN(va) || Number.isNaN(vb)) continue
    const xa = px(ta)
    const xb = px(tb)
    const ca = Math.floor(xa)
    const cb = Math.floor(xb)
    const y = (x: number) => (xb === xa ? py(vb) : py(va) + ((x - xa) / (xb - xa)) * (py(vb) - py(va)))
    for (let c = Math.max(0, ca); c <= Math.min(cb, w.columns - 1); c++) dot(c, y(Math.max(xa, c)), y(Math.min(xb, c + 1)))
  }
  return on
}

describe('decimation', () => {
  const exactly = (n: number, seed: number, columns: number, nan: number) => {
    const v = signal(n, seed, nan)
    const from = v.t[Math.floor(n * 0.1)] as number
    const width = Math.ceil(((v.t[Math.floor(n * 0.9)] as number) - from) / columns)
    const start = Math.floor(from / width) * width
    return { v, w: { from: start, to: start + width * columns, columns, gap: Number.POSITIVE_INFINITY } }
  }

  test.each([1, 2, 3])('min and max of every column are exact, spikes stay (seed %i)', seed => {
    const { v, w } = exactly(40000, seed, 500, 0.0001)
    v.y[20001] = 1000
    v.y[20003] = -1000
    const width = (w.to - w.from) / w.columns
    const want = new Map<number, [number, number]>()
    const got = new Map<number, [number, number]>()
    const add = (m: Map<number, [number, number]>, t: number, y: number) => {
      if (Number.isNaN(y) || t < w.from || t >= w.to) return
      const c = Math.floor(t / width)
      const old = m.get(c) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
      m.set(c, [Math.min(old[0], y), Math.max(old[1], y)])
    }
    v.t.forEach((t, i) => {
      add(want, t, v.y[i] as number)
    })
    const line = minMax(v, w)
    for (const [t, y] of rows(line)) add(got, t as number, y as number)
    expect(got).toEqual(want)
    expect(line.n).toBeLessThan(3 * 502)
    expect(extent(line)).toEqual({ min: -1000, max: 1000 })
    for (let i = 1; i < line.n; i++) expect(line.x[i]).toBeGreaterThanOrEqual(line.x[i - 1] as number)
  })

  test.each([1, 2, 3, 4])('M4 draws the very pixels that all points draw (seed %i)', seed => {
    const { v, w } = exactly(30000, seed, 300, 0.001)
    const all = rows(plain(v, w)) as [number, number][]
    const few = rows(m4(v, w)) as [number, number][]
    expect(few.length).toBeLessThan(all.length / 10)
    const a = raster(all, w, -1.5, 1.5, 200)
    const b = raster(few, w, -1.5, 1.5, 200)
    expect(a.size).toBeGreaterThan(3000)
    expect(b).toEqual(a)
  })

  test('NaN breaks the line, and so does a long silence', () => {
    const v = { t: arr(0, 10, 20, 30, 40, 50), y: arr(1, 2, Number.NaN, 4, 5, 6) }
    const w = { from: 0, to: 60, columns: 60, gap: Number.POSITIVE_INFINITY }
    for (const f of [minMax, m4]) expect(rows(f(v, w)).map(r => r[1])).toEqual([1, 2, Number.NaN, 4, 5, 6])
    const apart = { t: arr(0, 10, 20, 200, 210), y: arr(1, 2, 3, 4, 5) }
    const wide = { from: 0, to: 300, columns: 300, gap: 50 }
    for (const f of [minMax, m4, plain]) expect(rows(f(apart, wide)).map(r => r[1])).toEqual([1, 2, 3, Number.NaN, 4, 5])
  })

  test('a neighbour on either side reaches the edges; nothing in, nothing out', () => {
    const v = { t: arr(0, 100, 200, 300), y: arr(1, 2, 3, 4) }
    const w = { from: 110, to: 190, columns: 100, gap: Number.POSITIVE_INFINITY }
    expect(rows(minMax(v, w)).map(r => r[0])).toEqual([100, 200])
    expect(minMax({ t: arr(), y: arr() }, w).n).toBe(0)
    expect(m4({ t: arr(), y: arr() }, w).n).toBe(0)
  })

  test('never writes past its room, whatever the gaps', () => {
    for (let seed = 1; seed < 20; seed++) {
      const v = signal(500, seed, 0.5)
      for (const columns of [1, 2, 7, 100, 5000]) {
        const w = { from: v.t[0] as number, to: (v.t[499] as number) + 1, columns, gap: 400 }
        for (const f of [minMax, m4]) {
          const line = f(v, w)
          expect(line.n).toBeLessThanOrEqual(line.x.length)
        }
      }
    }
  })
})

describe('calibration', () => {
  test('affine, polynomial, table', () => {
    const out = new Float64Array(3)
    expect([...calibrate({ kind: 'affine', scale: 2, offset: 1 }, [1, 2, Number.NaN], out)]).toEqual([3, 5, Number.NaN])
    expect(calibrateOne({ kind: 'polynomial', c: [1, 2, 3] }, 2)).toBe(17)
    const table = { kind: 'table', x: [0, 10, 20], y: [0, 100, 400] } as const
    const c = readCalibration(table)
    expect(c).not.toBeNull()
    if (c) expect([-5, 0, 5, 10, 15, 25].map(v => calibrateOne(c, v))).toEqual([0, 0, 50, 100, 250, 400])
  })

  test('what is none is null', () => {
    for (const bad of [null, 1, {}, { kind: 'affine', scale: 'x' }, { kind: 'table', x: [1, 1], y: [1, 2] }])
      expect(readCalibration(bad)).toBeNull()
  })
})
