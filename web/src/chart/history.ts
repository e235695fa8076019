/* The past of a series, from the server: buckets with exact extremes, or the points themselves where they are
 * few enough to be drawn one by one. */
import { type Calibration, calibrate } from './engine/calibrate'
import type { Values } from './engine/ring'

export interface History {
  from: number // microseconds, what was asked
  to: number
  /** Width of a bucket, 0: these are points (all arrays but t and avg are empty). */
  width: number
  t: Float64Array // start of the bucket; time of the point
  count: Values
  min: Values
  max: Values
  avg: Values
  first: Values
  last: Values
  sum: Values
}
export type Aggregate = 'auto' | 'avg' | 'min' | 'max' | 'sum' | 'count' | 'first' | 'last'

interface Bucket {
  t: number
  count: number
  min: number | null
  max: number | null
  sum: number | null
  first: number | null
  last: number | null
}

const nan = (v: number | null | undefined) => (v === null || v === undefined ? Number.NaN : v)
const column = (b: Bucket[], f: (b: Bucket) => number | null) => Float64Array.from(b, x => nan(f(x)))

export function fromBuckets(b: Bucket[], from: number, to: number, width: number): History {
  const t = Float64Array.from(b, x => x.t)
  return {
    from,
    to,
    width,
    t,
    count: column(b, x => x.count),
    min: column(b, x => (x.count ? x.min : null)),
    max: column(b, x => (x.count ? x.max : null)),
    avg: column(b, x => (x.count ? nan(x.sum) / x.count : null)),
    first: column(b, x => (x.count ? x.first : null)),
    last: column(b, x => (x.count ? x.last : null)),
    sum: column(b, x => (x.count ? x.sum : null))
  }
}

const none = new Float64Array(0)
export function fromPoints(p: [number, number | null][], from: number, to: number): History {
  return {
    from,
    to,
    width: 0,
    t: Float64Array.from(p, x => x[0]),
    avg: Float64Array.from(p, x => nan(x[1])),
    count: none,
    min: none,
    max: none,
    first: none,
    last: none,
    sum: none
  }
}

export class HttpError extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`)
  }
}
async function get<T>(path: string, signal: AbortSignal): Promise<T> {
  const r = await fetch(path, { signal, headers: { accept: 'application/json' } })
  if (!r.ok) throw new HttpError(r.status)
  return (await r.json()) as T
}

/** Most points that are drawn one by one, per column of pixels. */
const POINTS_PER_COLUMN = 2

export const seriesPath = (id: number | string, what: 'points' | 'buckets', from: number, to: number) =>
  `/api/v1/series/${encodeURIComponent(id)}/${what}?from=${Math.floor(from)}&to=${Math.ceil(to)}`

/** columns: how many pixels there are to be filled. */
export async function fetchHistory(
  id: number | string,
  range: { from: number; to: number },
  columns: number,
  aggregate: Aggregate,
  signal: AbortSignal
): Promise<History> {
  const from = Math.floor(range.from)
  const to = Math.ceil(range.to)
  const n = Math.max(1, Math.min(4096, aggregate === 'auto' ? columns : Math.ceil(columns / 4)))
  const { buckets, width } = await get<{ buckets: Bucket[]; width: number }>(`${seriesPath(id, 'buckets', from, to)}&n=${n}`, signal)
  if (aggregate !== 'auto') return fromBuckets(buckets, from, to, width)
  const total = buckets.reduce((sum, b) => sum + b.count, 0)
  if (total > POINTS_PER_COLUMN * n) return fromBuckets(buckets, from, to, width)
  const { points } = await get<{ points: [number, number | null][] }>(
    `${seriesPath(id, 'points', from, to)}&limit=${POINTS_PER_COLUMN * n + 1}`,
    signal
  )
  return fromPoints(points, from, to)
}

/** The same in physical values; of a calibration that falls, least and largest change places. */
export function calibrateHistory(h: History, c: Calibration): History {
  const on = (v: Values) => calibrate(c, v, new Float64Array(v.length))
  const a = on(h.min)
  const b = on(h.max)
  return { ...h, avg: on(h.avg), min: a.map((v, i) => Math.min(v, b[i] as number)), max: b.map((v, i) => Math.max(v, a[i] as number)) }
}
