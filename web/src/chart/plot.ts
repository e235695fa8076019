/* One chart, without React: uPlot for axes, scales and cursor; lines by draw.ts; the newest points from the live
 * worker, older ones from the server's history. Scrolls by the server's clock in the one animation loop. */
import uPlot from 'uplot'
import { live } from '@/live/store'
import type { ChartLine } from '@/live/wire'
import { joinCrosshair, moveCrosshair } from './crosshair'
import { type Scale, scaleOf, strokeHistory, strokeJoin, strokeLine } from './draw'
import { type Extent, extent } from './engine/decimate'
import { digitsFor, isBytes, tick, value } from './format'
import { type Aggregate, calibrateHistory, fetchHistory, type History } from './history'
import { type Drawer, loop } from './loop'
import { dashes, letterOf, onPalette, palette } from './palette'
import { StickyRange } from './range'
import { MINUTE, type TimeView } from './time'

export type Layer = 'raw' | 'physical' | 'both'
export interface PlotSeries {
  id: number | string
  topic: string
  label: string
  unit: string
  color: number // index into the palette
}
export interface PlotOptions {
  height: number
  group: string
  capacity: number
  onSelect(from: number, to: number): void
  onCursor(at: number | null): void
  /** Something that the legend shows has changed (a few times a second at most). */
  onState(): void
}

interface Track {
  series: PlotSeries
  layer: 'raw' | 'physical'
  line: ChartLine | null
  seen: Extent
  history: History | null
  error: number // status of the last answer of the server's history, 0: fine
}
export interface TrackState {
  series: PlotSeries
  layer: 'raw' | 'physical'
  last: number
  lastAt: number // microseconds, 0: none
  min: number
  max: number
  rising: number // -1, 0, 1
  error: string
  hasCalibration: boolean
}

const AXIS_WIDTH = 60
const AXIS_HEIGHT = 26
const byteSteps = Array.from({ length: 50 }, (_, i) => 2 ** i)
const numberSteps = Array.from({ length: 30 }, (_, i) => [1, 2, 2.5, 5].map(f => f * 10 ** (i - 12))).flat()
/** While a live window is longer than what the worker holds, its beginning is asked for again so often (ms). */
const HISTORY_LEAST_MS = 2000

export class Plot implements Drawer {
  private u: uPlot
  private tracks: Track[] = []
  private view: TimeView = { live: true, span: 15 * MINUTE }
  private aggregate: Aggregate = 'auto'
  private range = new StickyRange()
  private locked: Extent | null = null
  private shown = { from: 0, to: 1, min: 0, max: 1 }
  private fresh = true
  private visible = true
  private holdAt = 0 // ms of the server's clock at which a pointer holds the view, 0: not held
  private client: ReturnType<typeof live.openChart> | null = null
  private asked = 0
  private abort: AbortController | null = null
  private undo: (() => void)[] = []
  private width: number
  private frozenTotal = 0

  constructor(
    private root: HTMLElement,
    private opt: PlotOptions
  ) {
    this.width = Math.max(120, root.clientWidth)
    this.u = new uPlot(
      this.options(),
      [
        [0, 1],
        [null, null]
      ] as uPlot.AlignedData,
      root
    )
    const over = this.u.over
    const down = () => {
      this.holdAt = live.now()
    }
    const up = () => {
      this.holdAt = 0
    }
    over.addEventListener('pointerdown', down)
    window.addEventListener('pointerup', up)
    const resize = new ResizeObserver(() => this.resize())
    resize.observe(root)
    const seen = new IntersectionObserver(e => this.setVisible(e[e.length - 1]?.isIntersecting ?? true))
    seen.observe(root)
    this.undo.push(
      () => over.removeEventListener('pointerdown', down),
      () => window.removeEventListener('pointerup', up),
      () => resize.disconnect(),
      () => seen.disconnect(),
      onPalette(() => this.u.redraw(false, true)),
      joinCrosshair(opt.group, this),
      loop.add(this),
      () => this.u.destroy()
    )
  }

  destroy(): void {
    this.abort?.abort()
    this.client?.close()
    for (const fn of this.undo) fn()
  }

  private options(): uPlot.Options {
    const font = '12px "Inter Variable", Inter, system-ui, sans-serif'
    const axis = { font, stroke: () => palette().text, ticks: { show: false }, grid: { stroke: () => palette().grid, width: 1 } }
    return {
      width: this.width,
      height: this.opt.height,
      pxAlign: 0,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 } },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: true, auto: false }, y: { auto: false, range: (_u, min, max) => [min, max] } },
      axes: [
        { ...axis, size: AXIS_HEIGHT, space: 80, values: (_u, marks, _i, _space, step) => marks.map(m => tick(m, step)) },
        {
          ...axis,
          size: AXIS_WIDTH,
          space: 32,
          incrs: () => (isBytes(this.tracks[0]?.series.unit ?? '') ? byteSteps : numberSteps),
          values: (_u, marks, _i, _space, step) => marks.map(m => this.mark(m, step))
        }
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: {
        draw: [u => this.draw(u)],
        setCursor: [u => this.cursorMoved(u)],
        setSelect: [u => this.selected(u)]
      }
    }
  }

  private mark(v: number, step: number): string {
    const unit = this.tracks[0]?.series.unit ?? ''
    return value(Number(v.toFixed(Math.min(12, digitsFor(step) + 2))), unit, step)
  }

  setSeries(series: PlotSeries[], layer: Layer): void {
    const before = this.client
    this.range.reset()
    const layers = layer === 'both' ? (['raw', 'physical'] as const) : ([layer] as const)
    this.tracks = series.flatMap(s =>
      layers.map(l => ({
        series: s,
        layer: l,
        line: null,
        seen: { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
        history: null,
        error: 0
      }))
    )
    this.client = live.openChart(
      this.tracks.map(t => ({ topic: t.series.topic, layer: t.layer })),
      this.chartView(),
      { capacity: this.opt.capacity },
      (_view, lines) => this.setLines(lines)
    )
    before?.close() // after the new one is open: what both show stays subscribed, and its points stay
    this.ask()
  }

  setView(view: TimeView, aggregate: Aggregate): void {
    const wasLive = this.view.live
    if (wasLive && !view.live) this.frozenTotal = this.total()
    this.view = view
    this.aggregate = aggregate
    this.range.reset()
    this.fresh = true
    this.client?.view(this.chartView(), this.visible)
    this.ask()
  }

  /** The present range of y stays until it is unlocked. */
  lockY(on: boolean): void {
    this.locked = on ? { min: this.shown.min, max: this.shown.max } : null
    this.fresh = true
  }

  /** Points that have come since the view stands still. */
  waiting(): number {
    return this.view.live ? 0 : Math.max(0, this.total() - this.frozenTotal)
  }

  private total(): number {
    return this.tracks.reduce((n, t) => Math.max(n, t.line?.total ?? 0), 0)
  }

  get columns(): number {
    return Math.max(1, Math.round((this.width - AXIS_WIDTH - 8) * devicePixelRatio))
  }

  private chartView() {
    const v = this.view
    return {
      live: v.live,
      span: v.live ? v.span : v.to - v.from,
      from: v.live ? 0 : v.from,
      to: v.live ? 0 : v.to,
      columns: this.columns
    }
  }

  /** What is to be seen now, microseconds. */
  window(at?: number): { from: number; to: number } {
    const v = this.view
    if (!v.live) return v
    const to = (this.holdAt || live.now(at)) * 1000
    return { from: to - v.span, to }
  }

  private setVisible(on: boolean): void {
    if (on === this.visible) return
    this.visible = on
    this.fresh = true
    this.client?.view(this.chartView(), on)
  }

  private resize(): void {
    const width = Math.max(120, this.root.clientWidth)
    if (width === this.width) return
    this.width = width
    this.u.setSize({ width, height: this.opt.height })
    this.client?.view(this.chartView(), this.visible)
    this.ask()
  }

  private setLines(lines: ChartLine[]): void {
    const old: ChartLine[] = []
    lines.forEach((l, i) => {
      const t = this.tracks[i]
      if (!t) return
      if (t.line) old.push(t.line)
      t.line = l
      t.seen = extent(l)
    })
    if (old.length) this.client?.back(old)
    this.fresh = true
  }

  /* ---- history ---- */

  /* Where the worker's points begin; what is before must come from the server. A view that stands still is drawn
   * by one of the two alone: points here and averages there would look like two things. */
  private liveStart(t: Track): number {
    if (this.aggregate !== 'auto' || !t.line) return Number.POSITIVE_INFINITY
    const whole = this.view.live || t.line.start <= this.view.from || !t.history
    return whole ? t.line.start : Number.POSITIVE_INFINITY
  }

  private ask(): void {
    this.abort?.abort()
    this.abort = new AbortController()
    this.asked = live.now()
    const { from, to } = this.window()
    const ids = new Set<number | string>()
    for (const t of this.tracks) if (this.view.live || this.liveStart(t) > from) ids.add(t.series.id)
    for (const id of ids) void this.load(id, from, to, this.abort.signal)
  }

  private async load(id: number | string, from: number, to: number, signal: AbortSignal): Promise<void> {
    const mine = this.tracks.filter(t => t.series.id === id)
    try {
      const h = await fetchHistory(id, { from, to }, this.columns, this.aggregate, signal)
      for (const t of mine) {
        const c = t.layer === 'physical' ? t.line?.calibration : null
        t.history = c ? calibrateHistory(h, c) : h
        t.error = 0
      }
    } catch (e) {
      if (signal.aborted) return
      for (const t of mine) t.error = (e as { status?: number }).status ?? -1
    }
    this.fresh = true
    this.opt.onState()
  }

  /* A live window that the worker cannot fill alone asks again now and then. */
  private refresh(): void {
    if (!this.view.live || !this.visible || this.holdAt) return
    const now = live.now()
    if (now - this.asked < Math.max(HISTORY_LEAST_MS, this.view.span / 1000 / 200)) return
    const lacks = this.tracks.some(t => {
      const start = this.liveStart(t)
      return start > this.window().from && (!t.history || t.history.to < Math.min(start, now * 1000))
    })
    if (lacks) this.ask()
  }

  /* ---- drawing ---- */

  frame(at?: number): void {
    if (!this.visible || document.visibilityState !== 'visible') return
    this.refresh()
    const w = this.window(at)
    const paused = live.paused && this.view.live
    if (paused && !this.fresh) return
    const shift = ((w.from - this.shown.from) / (w.to - w.from)) * this.columns
    if (!this.fresh && Math.abs(shift) < 0.25) return
    this.fresh = false
    const y = this.locked ?? this.range.update(this.extent(w.from, w.to), performance.now())
    this.shown = { ...w, ...y }
    this.u.batch(() => {
      this.u.setScale('x', { min: w.from / 1e6, max: w.to / 1e6 })
      this.u.setScale('y', y)
    })
  }

  private extent(from: number, to: number): Extent {
    const e = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }
    for (const t of this.tracks) {
      const start = this.liveStart(t)
      if (start < Number.POSITIVE_INFINITY) {
        e.min = Math.min(e.min, t.seen.min)
        e.max = Math.max(e.max, t.seen.max)
      }
      if (t.history && t.history.from < start) historyExtent(t.history, this.aggregate, from, Math.min(to, start), e)
    }
    return e
  }

  private draw(u: uPlot): void {
    const g = u.ctx
    const b = u.bbox
    const { from, to, min, max } = this.shown
    const scale = scaleOf(b, from, to, min, max)
    const p = palette()
    g.save()
    g.beginPath()
    g.rect(b.left, b.top, b.width, b.height)
    g.clip()
    for (const t of this.tracks) {
      const i = t.series.color
      const color = p.series[i % p.series.length] as string
      const style = { color, dash: dashes[i % dashes.length] as readonly number[], ratio: devicePixelRatio }
      g.globalAlpha = t.layer === 'physical' || !this.tracks.some(o => o.layer === 'physical') ? 1 : 0.45
      const start = this.liveStart(t)
      if (t.history) strokeHistory(g, scale, style, t.history, this.aggregate, start)
      if (t.line && start < Number.POSITIVE_INFINITY) {
        strokeLine(g, scale, style, t.line, b.width)
        if (t.history) strokeJoin(g, scale, style, t.history, t.line)
      }
      if (this.tracks.length > 1) this.letter(g, scale, style.color, t)
    }
    g.restore()
  }

  /* The letter of the series at the end of its line. */
  private letter(g: CanvasRenderingContext2D, s: Scale, color: string, t: Track): void {
    const at = this.near(t, this.shown.to)
    if (!at) return
    const r = devicePixelRatio
    g.font = `600 ${11 * r}px "Inter Variable", Inter, sans-serif`
    g.fillStyle = color
    g.textBaseline = 'bottom'
    g.textAlign = 'right'
    const x = Math.min(s.left + (at.t - s.x0) * s.kx, s.left + (this.shown.to - s.x0) * s.kx) - 2 * r
    g.fillText(letterOf(t.series.color), x, s.bottom - (at.y - s.y0) * s.ky - 2 * r)
  }

  /* ---- cursor and selection ---- */

  private cursorMoved(u: uPlot): void {
    const left = u.cursor.left ?? -1
    const at = left < 0 ? null : u.posToVal(left, 'x') * 1e6
    moveCrosshair(this.opt.group, this, at)
    this.opt.onCursor(at)
  }

  /** Shows the cursor at a moment (of another chart, or of the keyboard). */
  showCursor(at: number | null): void {
    const left = at === null ? -10 : this.u.valToPos(at / 1e6, 'x')
    this.u.setCursor({ left, top: at === null ? -10 : 10 }, false)
    this.opt.onCursor(at)
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select
    if (width < 4) return
    const from = u.posToVal(left, 'x') * 1e6
    const to = u.posToVal(left + width, 'x') * 1e6
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.opt.onSelect(from, to)
  }

  /** What a series was worth at a moment: the nearest point that is drawn. */
  private near(t: Track, at: number): { t: number; y: number } | null {
    const start = this.liveStart(t)
    if (t.line && at >= start && t.line.n) return nearest(t.line.x, t.line.y, t.line.n, at)
    const h = t.history
    if (!h?.t.length) return null
    return nearest(h.t, h.width > 0 && this.aggregate !== 'auto' ? h[this.aggregate] : h.avg, h.t.length, at - h.width / 2)
  }

  valuesAt(at: number): ({ t: number; y: number } | null)[] {
    return this.tracks.map(t => this.near(t, at))
  }

  /** For the legend, the summary and the table. */
  state(): TrackState[] {
    const { from, to } = this.window()
    return this.tracks.map(t => {
      const e = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }
      const start = this.liveStart(t)
      if (start < Number.POSITIVE_INFINITY) Object.assign(e, t.seen)
      if (t.history && t.history.from < start) historyExtent(t.history, this.aggregate, from, Math.min(to, start), e)
      const end = this.near(t, to)
      const middle = this.near(t, (from + to) / 2)
      const lastAt = t.line && Number.isFinite(t.line.lastTime) ? t.line.lastTime : (end?.t ?? 0)
      const last = this.view.live && t.line && Number.isFinite(t.line.lastTime) ? t.line.lastValue : (end?.y ?? Number.NaN)
      const spread = e.max - e.min
      const moved = end && middle ? end.y - middle.y : 0
      return {
        series: t.series,
        layer: t.layer,
        last,
        lastAt,
        min: e.min,
        max: e.max,
        rising: Math.abs(moved) > spread * 0.05 ? Math.sign(moved) : 0,
        error: t.error ? String(t.error) : '',
        hasCalibration: t.line?.calibration != null
      }
    })
  }
}

function nearest(x: ArrayLike<number>, y: ArrayLike<number>, n: number, at: number): { t: number; y: number } | null {
  let lo = 0
  let hi = n
  while (lo < hi) {
    const mid = (lo + hi) >>> 1
    if ((x[mid] as number) < at) lo = mid + 1
    else hi = mid
  }
  for (let d = 0; d < 64; d++) {
    const b = lo - 1 - d
    const a = lo + d
    const okA = a < n && !Number.isNaN(y[a])
    const okB = b >= 0 && !Number.isNaN(y[b])
    if (!okA && !okB) continue
    const i = okA && (!okB || (x[a] as number) - at < at - (x[b] as number)) ? a : b
    return { t: x[i] as number, y: y[i] as number }
  }
  return null
}

function historyExtent(h: History, a: Aggregate, from: number, to: number, e: Extent): void {
  const auto = a === 'auto' && h.width > 0
  const lo = auto ? h.min : h.width > 0 && a !== 'auto' ? h[a] : h.avg
  const hi = auto ? h.max : lo
  for (let i = 0; i < h.t.length; i++) {
    const t = h.t[i] as number
    if (t + h.width < from || t >= to) continue
    if ((lo[i] as number) < e.min) e.min = lo[i] as number
    if ((hi[i] as number) > e.max) e.max = hi[i] as number
  }
}
