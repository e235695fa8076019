/* The newest points of one series: a buffer of twice the capacity, so that what is shown is always one piece
 * of memory (a view, never a copy). Appending costs one move of the newest half per `capacity` points.
 * Times rise strictly; a point of a time that is there already replaces it. NaN is a gap. */

export type Values = Float32Array | Float64Array
export interface View {
  t: Float64Array
  y: Values
}

export class Ring {
  readonly capacity: number
  /** Points ever appended at the end; what "Back to live · +n" counts. */
  total = 0
  private t: Float64Array
  private y: Values
  private end = 0

  constructor(capacity: number, wide = true) {
    this.capacity = capacity
    this.t = new Float64Array(2 * capacity)
    this.y = wide ? new Float64Array(2 * capacity) : new Float32Array(2 * capacity)
  }

  get length(): number {
    return Math.min(this.end, this.capacity)
  }

  get bytes(): number {
    return this.t.byteLength + this.y.byteLength
  }

  clear(): void {
    this.end = 0
  }

  view(): View {
    const from = this.end - this.length
    return { t: this.t.subarray(from, this.end), y: this.y.subarray(from, this.end) }
  }

  /** Time of the newest point, or -Infinity. */
  get lastTime(): number {
    return this.end ? (this.t[this.end - 1] as number) : Number.NEGATIVE_INFINITY
  }

  get lastValue(): number {
    return this.end ? (this.y[this.end - 1] as number) : Number.NaN
  }

  /** t rises strictly within one call; it may lie before what is there (late points). */
  append(t: Float64Array, y: ArrayLike<number>): void {
    const n = t.length
    if (!n) return
    this.total += n
    if ((t[0] as number) <= this.lastTime) {
      this.merge(t, y)
      return
    }
    const skip = Math.max(0, n - this.capacity)
    this.room(n - skip)
    this.t.set(skip ? t.subarray(skip) : t, this.end)
    if (skip) for (let i = skip; i < n; i++) this.y[this.end + i - skip] = y[i] as number
    else this.y.set(y, this.end)
    this.end += n - skip
  }

  /** A gap after the newest point. */
  gap(at: number): void {
    if (this.end && !Number.isNaN(this.lastValue) && at > this.lastTime) {
      this.append(new Float64Array([at]), [Number.NaN])
      this.total--
    }
  }

  private room(n: number): void {
    if (this.end + n <= this.t.length) return
    const keep = Math.min(this.end, this.capacity)
    this.t.copyWithin(0, this.end - keep, this.end)
    this.y.copyWithin(0, this.end - keep, this.end)
    this.end = keep
    if (this.end + n > this.t.length) {
      const drop = this.end + n - this.t.length
      this.t.copyWithin(0, drop, this.end)
      this.y.copyWithin(0, drop, this.end)
      this.end -= drop
    }
  }

  private merge(t: Float64Array, y: ArrayLike<number>): void {
    const old = this.view()
    const mt = new Float64Array(old.t.length + t.length)
    const my = new Float64Array(mt.length)
    let i = 0
    let j = 0
    let n = 0
    while (i < old.t.length || j < t.length) {
      const a = i < old.t.length ? (old.t[i] as number) : Number.POSITIVE_INFINITY
      const b = j < t.length ? (t[j] as number) : Number.POSITIVE_INFINITY
      mt[n] = Math.min(a, b)
      my[n++] = (b <= a ? y[j] : old.y[i]) as number
      if (a <= b) i++
      if (b <= a) j++
    }
    const from = Math.max(0, n - this.capacity)
    this.end = n - from
    this.t.set(mt.subarray(from, n), 0)
    this.y.set(my.subarray(from, n), 0)
  }
}

/** First index whose time is not before `at`. */
export function lowerBound(t: Float64Array, at: number): number {
  let lo = 0
  let hi = t.length
  while (lo < hi) {
    const mid = (lo + hi) >>> 1
    if ((t[mid] as number) < at) lo = mid + 1
    else hi = mid
  }
  return lo
}

/** The usual distance of neighbours near the end (median of up to 129), 0 when there are fewer than three points.
 * Five times that without a point is drawn as a gap. */
export function usualStep(t: Float64Array): number {
  const n = Math.min(129, t.length - 1)
  if (n < 2) return 0
  const steps = new Float64Array(n)
  for (let i = 0; i < n; i++) steps[i] = (t[t.length - i - 1] as number) - (t[t.length - i - 2] as number)
  steps.sort()
  return steps[n >> 1] as number
}
