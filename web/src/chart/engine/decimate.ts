/* Thinning points to what a screen can show, with nothing lost that a person could see: every column of device
 * pixels keeps its exact smallest and largest value at their true times. Columns lie on absolute multiples of
 * their width, so a scrolling picture does not shimmer. Averages and LTTB lose spikes and are not used. */
import { lowerBound, type View } from './ring'

/** A polyline; NaN breaks it. Reused from drawing to drawing: only the first n are meant. */
export interface Line {
  x: Float64Array // microseconds since 1970
  y: Float64Array
  n: number
}

export interface Window {
  from: number // microseconds
  to: number
  columns: number // device pixels
  gap: number // neighbours further apart than this are not joined; Infinity: always joined
}

/** Rows that one column may need: thrice two extremes and the breaks between. */
export const MINMAX_ROWS = 8

export function lineRoom(rows: number, old?: Line): Line {
  if (old && old.x.length >= rows) return old
  return { x: new Float64Array(rows), y: new Float64Array(rows), n: 0 }
}

export const columnWidth = (w: Window) => Math.max((w.to - w.from) / Math.max(1, w.columns), 1e-3)

/** The points in the window and one neighbour on either side, so that lines reach the edges. */
export function bounds(v: View, w: Window): [number, number] {
  const a = lowerBound(v.t, w.from)
  const b = lowerBound(v.t, w.to)
  return [Math.max(0, a - 1), Math.min(v.t.length, b + 1)]
}

/** All points as they are. */
export function plain(v: View, w: Window, old?: Line): Line {
  const [a, b] = bounds(v, w)
  const out = lineRoom(2 * (b - a), old)
  let n = 0
  for (let i = a; i < b; i++) {
    const t = v.t[i] as number
    if (i > a && t - (v.t[i - 1] as number) > w.gap) {
      out.x[n] = t
      out.y[n++] = Number.NaN
    }
    out.x[n] = t
    out.y[n++] = v.y[i] as number
  }
  out.n = n
  return out
}

/** Smallest and largest per column, in their order of time. */
export function minMax(v: View, w: Window, old?: Line): Line {
  const [a, b] = bounds(v, w)
  const width = columnWidth(w)
  const { t, y } = v
  const columns = b > a ? Math.floor((t[b - 1] as number) / width) - Math.floor((t[a] as number) / width) + 1 : 0
  const out = lineRoom(MINMAX_ROWS * Math.min(columns, b - a), old)
  const { x: ox, y: oy } = out
  let n = 0
  let i = a
  while (i < b) {
    const limit = (Math.floor((t[i] as number) / width) + 1) * width
    let breaks = 0
    let lo = Number.POSITIVE_INFINITY
    let hi = Number.NEGATIVE_INFINITY
    let il = -1
    let ih = -1
    const start = i
    for (; i < b && ((t[i] as number) < limit || i === start); i++) {
      const value = y[i] as number
      const apart = i > a && (t[i] as number) - (t[i - 1] as number) > w.gap
      if (value >= lo && value <= hi && !apart) continue
      const broken = il < 0 && n > 0 && Number.isNaN(oy[n - 1])
      if ((apart || Number.isNaN(value)) && breaks < 2 && !broken) {
        if (il >= 0) n = put(ox, oy, n, t, y, il, ih)
        ox[n] = t[i] as number
        oy[n++] = Number.NaN
        breaks++
        lo = Number.POSITIVE_INFINITY
        hi = Number.NEGATIVE_INFINITY
        il = ih = -1
      }
      if (value < lo) {
        lo = value
        il = i
      }
      if (value > hi) {
        hi = value
        ih = i
      }
    }
    if (il >= 0) n = put(ox, oy, n, t, y, il, ih)
  }
  out.n = n
  return out
}

function put(ox: Float64Array, oy: Float64Array, n: number, t: Float64Array, y: ArrayLike<number>, il: number, ih: number) {
  const first = Math.min(il, ih)
  const second = Math.max(il, ih)
  ox[n] = t[first] as number
  oy[n++] = y[first] as number
  if (second !== first) {
    ox[n] = t[second] as number
    oy[n++] = y[second] as number
  }
  return n
}

export interface Extent {
  min: number
  max: number
}
/** Of what is drawn; min > max when there is nothing. */
export function extent(line: Line, into?: Extent): Extent {
  const out = into ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }
  for (let i = 0; i < line.n; i++) {
    const v = line.y[i] as number
    if (v < out.min) out.min = v
    if (v > out.max) out.max = v
  }
  return out
}
