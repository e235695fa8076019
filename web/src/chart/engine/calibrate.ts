/* From raw to physical values, in the worker, so that one stream serves both layers. */

export type Calibration =
  | { kind: 'affine'; scale: number; offset: number } // y = scale * x + offset
  | { kind: 'polynomial'; c: number[] } // y = c0 + c1 x + c2 x^2 ...
  | { kind: 'table'; x: number[]; y: number[] } // x rises strictly; straight between, held at the ends

function table(c: { x: number[]; y: number[] }, v: number): number {
  const n = c.x.length
  if (!n || Number.isNaN(v)) return Number.NaN
  if (v <= (c.x[0] as number)) return c.y[0] as number
  if (v >= (c.x[n - 1] as number)) return c.y[n - 1] as number
  let lo = 0
  let hi = n - 1
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1
    if ((c.x[mid] as number) <= v) lo = mid
    else hi = mid
  }
  const x0 = c.x[lo] as number
  const y0 = c.y[lo] as number
  return y0 + ((v - x0) / ((c.x[hi] as number) - x0)) * ((c.y[hi] as number) - y0)
}

export function calibrateOne(c: Calibration, v: number): number {
  if (c.kind === 'affine') return c.scale * v + c.offset
  if (c.kind === 'table') return table(c, v)
  let y = 0
  for (let i = c.c.length - 1; i >= 0; i--) y = y * v + (c.c[i] as number)
  return y
}

export function calibrate(c: Calibration, raw: ArrayLike<number>, out: Float64Array): Float64Array {
  if (c.kind === 'affine') {
    for (let i = 0; i < raw.length; i++) out[i] = c.scale * (raw[i] as number) + c.offset
  } else {
    for (let i = 0; i < raw.length; i++) out[i] = calibrateOne(c, raw[i] as number)
  }
  return out
}

/** A calibration of outside bytes (a schema), or null when it is none. */
export function readCalibration(j: unknown): Calibration | null {
  const nums = (a: unknown): a is number[] => Array.isArray(a) && a.length > 0 && a.every(x => Number.isFinite(x))
  const o = j as Record<string, unknown> | null
  if (!o || typeof o !== 'object') return null
  if (o.kind === 'affine' && Number.isFinite(o.scale) && Number.isFinite(o.offset))
    return { kind: 'affine', scale: o.scale as number, offset: o.offset as number }
  if (o.kind === 'polynomial' && nums(o.c)) return { kind: 'polynomial', c: o.c }
  if (o.kind === 'table' && nums(o.x) && nums(o.y) && o.x.length === o.y.length) {
    const x = o.x
    if (x.every((v, i) => i === 0 || v > (x[i - 1] as number))) return { kind: 'table', x, y: o.y }
  }
  return null
}
