/* The worker's side of charts: keeps the newest points of every series that some chart shows, applies
 * calibrations, thins to the chart's columns at most 30 times a second. Two answers a chart are on their way
 * at most; their buffers come back and are used again. */
import { type Calibration, calibrate, readCalibration } from '@/chart/engine/calibrate'
import { type Line, minMax, plain } from '@/chart/engine/decimate'
import { m4 } from '@/chart/engine/m4'
import { lowerBound, Ring, usualStep, type View } from '@/chart/engine/ring'
import type { Connection, Sub } from './connection'
import { type Column, Flag, type Frame, frameTimes, Kind, valueColumns } from './frame'
import type { ChartLayer, ChartLine, ChartView, FromWorker, TopicMessage } from './wire'

export const TICK_MS = 33
const FIRST_ID = 1_000_000_000 // the page's own subscriptions are below
const IN_FLIGHT = 2
/** A silence of so many usual steps is drawn as a gap. */
const GAP_STEPS = 5

interface Source {
  id: number
  topic: string
  raw: Ring
  physical: Ring | null
  calibration: Calibration | null
  scale: { k: number; b: number } | null // of 16 bit columns
  /** Points before `until` came thinned, a pair of extremes per `width`: good for the live view they were asked for. */
  coarse: { until: number; width: number } | null
  filling: { t: Float64Array[]; y: Float64Array[] } | null // a snapshot that is still coming
  charts: Set<Chart>
  error: string
}
interface Chart {
  id: number
  layers: { source: Source; layer: ChartLayer['layer'] }[]
  view: ChartView
  drawn: boolean
  dirty: boolean
  flying: number
  every: number // microseconds between two answers at least
  next: number // not before this moment of the server's clock
  spare: Line[]
}

export interface Host {
  conn: Connection
  now(): number // server's clock, microseconds
  post(m: FromWorker, transfer: Transferable[]): void
  after(ms: number, fn: () => void): void
}

export class Charts {
  private sources = new Map<string, Source>()
  private byId = new Map<number, Source>()
  private charts = new Map<number, Chart>()
  private nextId = FIRST_ID
  private ticking = false
  private visible = true

  constructor(private host: Host) {}

  owns(sub: Sub): boolean {
    return sub.id >= FIRST_ID
  }

  lastTime(sub: Sub): number {
    const t = this.byId.get(sub.id)?.raw.lastTime ?? 0
    return Number.isFinite(t) ? t : 0
  }

  open(id: number, layers: ChartLayer[], view: ChartView, capacity: number, hz = 30): void {
    this.close(id)
    const chart: Chart = { id, layers: [], view, drawn: true, dirty: true, flying: 0, every: 1e6 / hz, next: 0, spare: [] }
    for (const l of layers) {
      const source = this.source(l.topic, view, capacity)
      source.charts.add(chart)
      chart.layers.push({ source, layer: l.layer })
    }
    this.charts.set(id, chart)
    this.wake()
  }

  view(id: number, view: ChartView, drawn: boolean): void {
    const c = this.charts.get(id)
    if (!c) return
    c.view = view
    c.drawn = drawn
    c.dirty = true
    this.wake()
  }

  close(id: number): void {
    const c = this.charts.get(id)
    if (!c) return
    this.charts.delete(id)
    for (const { source } of c.layers) {
      source.charts.delete(c)
      if (source.charts.size) continue
      this.sources.delete(source.topic)
      this.byId.delete(source.id)
      this.host.conn.unsub(source.id)
    }
  }

  back(id: number, lines: ChartLine[]): void {
    const c = this.charts.get(id)
    if (!c) return
    c.flying = Math.max(0, c.flying - 1)
    for (const l of lines) if (c.spare.length < 2 * IN_FLIGHT * c.layers.length) c.spare.push({ x: l.x, y: l.y, n: 0 })
    if (c.dirty) this.wake()
  }

  setVisible(on: boolean): void {
    this.visible = on
    for (const s of this.sources.values()) this.host.conn.pause(s.id, !on)
    if (on) this.wake()
  }

  private source(topic: string, view: ChartView, capacity: number): Source {
    const old = this.sources.get(topic)
    if (old) return old
    const s: Source = {
      id: this.nextId++,
      topic,
      raw: new Ring(capacity),
      physical: null,
      calibration: null,
      scale: null,
      coarse: null,
      filling: null,
      charts: new Set(),
      error: ''
    }
    this.sources.set(topic, s)
    this.byId.set(s.id, s)
    const params = { window: Math.ceil(view.span / 1e6), px: view.columns, maxHz: 30 }
    this.host.conn.sub(s.id, topic, params, !this.visible)
    return s
  }

  message(sub: Sub, m: TopicMessage): void {
    const s = this.byId.get(sub.id)
    if (!s) return
    if (m.op === 'sub.ok') {
      s.error = ''
      this.schema(s, m.schema)
    } else if (m.op === 'err') {
      s.error = m.code
    } else if (m.op === 'gap' || m.op === 'resync') {
      this.gap(s)
    }
    this.changed(s)
  }

  private schema(s: Source, schema: unknown): void {
    const o = (schema ?? {}) as { calibration?: unknown; scale?: unknown; offset?: unknown }
    const k = typeof o.scale === 'number' ? o.scale : 1
    const b = typeof o.offset === 'number' ? o.offset : 0
    s.scale = k === 1 && b === 0 ? null : { k, b }
    s.calibration = readCalibration(o.calibration)
    s.physical = s.calibration ? new Ring(s.raw.capacity) : null
    if (s.calibration && s.physical && s.raw.length) {
      const v = s.raw.view()
      s.physical.append(v.t, calibrate(s.calibration, v.y, new Float64Array(v.y.length)))
    }
  }

  private gap(s: Source): void {
    s.raw.gap(s.raw.lastTime + 1)
    s.physical?.gap(s.physical.lastTime + 1)
  }

  frame(sub: Sub, f: Frame): void {
    const s = this.byId.get(sub.id)
    if (!s) return
    if (f.kind === Kind.gap) this.gap(s)
    else if (f.kind === Kind.snapshot) this.snapshot(s, f)
    else if (f.kind === Kind.append) this.points(s, f)
    else if (f.kind === Kind.buckets) this.buckets(s, f)
    this.changed(s)
  }

  private snapshot(s: Source, f: Frame): void {
    const y = valueColumns(f)[0]
    s.filling ??= { t: [], y: [] }
    if (y) {
      s.filling.t.push(frameTimes(f))
      s.filling.y.push(this.values(s, y))
    }
    if (!(f.flags & Flag.last)) return
    const all = s.filling
    s.filling = null
    s.coarse = null
    s.raw.clear()
    s.physical?.clear()
    all.t.forEach((t, i) => {
      this.append(s, t, all.y[i] as Float64Array)
    })
  }

  private points(s: Source, f: Frame): void {
    const y = valueColumns(f)[0]
    if (y && f.rows) this.append(s, frameTimes(f), this.values(s, y))
  }

  /* Thinned by the server: the two extremes of a bucket stand for its points. */
  private buckets(s: Source, f: Frame): void {
    const [lo, hi] = valueColumns(f)
    if (!lo || !hi) return
    const t0 = frameTimes(f)
    const t = new Float64Array(2 * f.rows)
    const y = new Float64Array(2 * f.rows)
    for (let i = 0; i < f.rows; i++) {
      const next = i + 1 < f.rows ? (t0[i + 1] as number) : (t0[i] as number) + (f.dt || 2)
      t[2 * i] = t0[i] as number
      t[2 * i + 1] = ((t0[i] as number) + next) / 2
      y[2 * i] = lo[i] as number
      y[2 * i + 1] = hi[i] as number
    }
    const last = t[t.length - 1]
    if (last !== undefined) s.coarse = { until: last + f.dt / 2, width: f.dt }
    this.append(s, t, y)
  }

  private values(s: Source, y: Column): Float64Array {
    const out = new Float64Array(y.length)
    const { k, b } = y instanceof Int16Array && s.scale ? s.scale : { k: 1, b: 0 }
    for (let i = 0; i < y.length; i++) out[i] = k * (y[i] as number) + b
    return out
  }

  private append(s: Source, t: Float64Array, y: Float64Array): void {
    s.raw.append(t, y)
    if (s.physical && s.calibration) s.physical.append(t, calibrate(s.calibration, y, new Float64Array(y.length)))
  }

  private changed(s: Source): void {
    for (const c of s.charts) c.dirty = true
    this.wake()
  }

  private wake(): void {
    if (this.ticking || !this.visible) return
    this.ticking = true
    this.host.after(TICK_MS, () => {
      this.ticking = false
      this.tick()
    })
  }

  private tick(): void {
    const now = this.host.now()
    for (const c of this.charts.values()) {
      if (!c.dirty || !c.drawn || c.flying >= IN_FLIGHT) continue
      // Half a tick early is in time: else 30 a second would become 15.
      if (now < c.next - TICK_MS * 500) {
        this.wake()
        continue
      }
      c.dirty = false
      c.next = now + c.every
      c.flying++
      const lines = c.layers.map(l => this.thin(c, l.source, l.layer))
      const transfer = lines.flatMap(l => [l.x.buffer, l.y.buffer])
      this.host.post({ k: 'chart', chart: c.id, view: c.view, lines }, transfer as Transferable[])
    }
  }

  private thin(c: Chart, s: Source, layer: ChartLayer['layer']): ChartLine {
    const ring = layer === 'physical' && s.physical ? s.physical : s.raw
    const { live, span, columns } = c.view
    const v = exact(ring.view(), s.coarse, live)
    const step = usualStep(v.t)
    const apart = Math.max(step * GAP_STEPS, step + 2e6, (3 * span) / Math.max(1, columns), 2 * (s.coarse?.width ?? 0))
    const gap = step > 0 ? apart : Number.POSITIVE_INFINITY
    const now = this.host.now()
    // A live window is thinned a little beyond its edges: it moves on before the next answer is there.
    const margin = 8 * (span / Math.max(1, columns)) + 200_000
    const from = live ? now - span - margin : c.view.from
    const to = live ? now + 60e6 : c.view.to
    const across = live ? columns * ((to - from) / span) : columns
    const line = choose(v, { from, to, columns: across, gap }, live, c.spare.pop())
    return {
      x: line.x,
      y: line.y,
      n: line.n,
      start: v.t.length ? (v.t[0] as number) : Number.POSITIVE_INFINITY,
      lastTime: ring.lastTime,
      lastValue: ring.lastValue,
      total: ring.total,
      rate: step > 0 ? 1e6 / step : 0,
      calibration: s.calibration,
      error: s.error
    }
  }
}

/* A view that stands still is drawn from real points alone; what is before them comes from the server's history. */
function exact(v: View, coarse: Source['coarse'], live: boolean): View {
  if (live || !coarse) return v
  const from = lowerBound(v.t, coarse.until)
  return from ? { t: v.t.subarray(from), y: v.y.subarray(from) } : v
}

function choose(v: View, w: { from: number; to: number; columns: number; gap: number }, live: boolean, old?: Line): Line {
  const inside = lowerBound(v.t, w.to) - lowerBound(v.t, w.from)
  const shown = live ? (w.columns * (Math.min(w.to, v.t[v.t.length - 1] ?? w.to) - w.from)) / (w.to - w.from) : w.columns
  if (inside < 2 * shown) return plain(v, w, old)
  return live ? minMax(v, w, old) : m4(v, w, old)
}
