/* Strokes lines straight on uPlot's canvas: no Path2D per frame (native memory that the collector does not see),
 * one device pixel wide where points are dense (a wider line leaves the rasterizer's fast path). */
import type { Line } from './engine/decimate'
import type { Aggregate, History } from './history'

export interface Box {
  left: number
  top: number
  width: number
  height: number
}
/** From time (microseconds) and value to device pixels. */
export interface Scale {
  x0: number
  kx: number
  left: number
  y0: number
  ky: number
  bottom: number
}

export function scaleOf(b: Box, from: number, to: number, min: number, max: number): Scale {
  return { x0: from, kx: b.width / (to - from), left: b.left, y0: min, ky: b.height / (max - min), bottom: b.top + b.height }
}

export interface Style {
  color: string
  dash: readonly number[]
  ratio: number // device pixels per CSS pixel
}

export function strokeLine(g: CanvasRenderingContext2D, s: Scale, st: Style, line: Line, columns: number): void {
  const dense = line.n > columns / 2
  g.strokeStyle = st.color
  g.lineWidth = dense ? 1 : 1.5 * st.ratio
  g.setLineDash(dense ? [] : st.dash.map(d => d * st.ratio))
  g.beginPath()
  const alone = trace(g, s, line.x, line.y, 0, line.n)
  g.stroke()
  g.setLineDash([])
  if (line.n <= columns / 8) dots(g, s, st, line.x, line.y, line.n)
  else if (alone.length) dotsAt(g, s, st, line.x, line.y, alone)
}

/* Adds the polyline to the path; returns the points that stand alone between gaps. */
function trace(g: CanvasRenderingContext2D, s: Scale, x: ArrayLike<number>, y: ArrayLike<number>, from: number, to: number): number[] {
  const alone: number[] = []
  let run = 0
  for (let i = from; i < to; i++) {
    const v = y[i] as number
    if (Number.isNaN(v)) {
      if (run === 1) alone.push(i - 1)
      run = 0
      continue
    }
    const px = s.left + ((x[i] as number) - s.x0) * s.kx
    const py = s.bottom - (v - s.y0) * s.ky
    if (run++ === 0) g.moveTo(px, py)
    else g.lineTo(px, py)
  }
  if (run === 1) alone.push(to - 1)
  return alone
}

function dots(g: CanvasRenderingContext2D, s: Scale, st: Style, x: ArrayLike<number>, y: ArrayLike<number>, n: number): void {
  dotsAt(
    g,
    s,
    st,
    x,
    y,
    Array.from({ length: n }, (_, i) => i)
  )
}

function dotsAt(g: CanvasRenderingContext2D, s: Scale, st: Style, x: ArrayLike<number>, y: ArrayLike<number>, at: number[]): void {
  const r = 1.75 * st.ratio
  g.fillStyle = st.color
  for (const i of at) {
    const v = y[i] as number
    if (Number.isNaN(v)) continue
    g.fillRect(s.left + ((x[i] as number) - s.x0) * s.kx - r, s.bottom - (v - s.y0) * s.ky - r, 2 * r, 2 * r)
  }
}

/** The values of one aggregate; points have but one. */
export function columnOf(h: History, a: Aggregate) {
  return h.width === 0 || a === 'auto' ? h.avg : h[a]
}

/** The past up to `until`: a band from least to largest under the line of averages, or the line of an aggregate. */
export function strokeHistory(g: CanvasRenderingContext2D, s: Scale, st: Style, h: History, a: Aggregate, until: number): void {
  let n = h.t.length
  while (n > 0 && (h.t[n - 1] as number) >= until) n--
  if (h.width > 0 && a === 'auto') band(g, s, st, h, n)
  const x = h.width > 0 ? middles(h) : h.t
  strokeLine(g, s, st, { x, y: columnOf(h, a) as Float64Array, n }, h.width > 0 ? 2 * h.t.length : n + 1)
}

/** From the last point of the past to the first of the worker's, if they are as close as neighbours are. */
export function strokeJoin(g: CanvasRenderingContext2D, s: Scale, st: Style, h: History, line: Line): void {
  const at = line.x[0]
  if (!line.n || at === undefined) return
  let i = h.t.length - 1
  while (i >= 0 && (h.t[i] as number) + h.width / 2 >= at) i--
  const near = h.width > 0 ? 2.5 * h.width : 3 * Math.max(1, ((h.t[i] ?? 0) - (h.t[i - 1] ?? 0)) as number)
  const before = (h.t[i] ?? Number.NaN) + h.width / 2
  if (!(at - before <= near)) return
  strokeLine(g, s, st, { x: Float64Array.of(before, at), y: Float64Array.of(h.avg[i] as number, line.y[0] as number), n: 2 }, 1)
}

const middleCache = new WeakMap<History, Float64Array>()
function middles(h: History): Float64Array {
  let m = middleCache.get(h)
  if (!m) {
    m = h.t.map(t => t + h.width / 2)
    middleCache.set(h, m)
  }
  return m
}

function band(g: CanvasRenderingContext2D, s: Scale, st: Style, h: History, n: number): void {
  const w = Math.max(1, h.width * s.kx)
  g.fillStyle = st.color
  g.globalAlpha = 0.28
  for (let i = 0; i < n; i++) {
    const lo = h.min[i] as number
    if (Number.isNaN(lo)) continue
    const top = s.bottom - ((h.max[i] as number) - s.y0) * s.ky
    const bottom = s.bottom - (lo - s.y0) * s.ky
    g.fillRect(s.left + ((h.t[i] as number) - s.x0) * s.kx, top, w, Math.max(1, bottom - top))
  }
  g.globalAlpha = 1
}
