/* Binary frames of the live channel and of range answers (docs/live-protocol.md): little-endian, columnar,
 * every column aligned to 8 bytes, so decoding copies nothing: columns are views of the message's buffer.
 * Frames may follow one another in one message. Bytes come from outside: anything may be in them. */

export const FRAME_VERSION = 1
export const FRAME_HEAD = 40
export const FRAME_COLUMNS = 7

export const Kind = { append: 1, snapshot: 2, buckets: 3, spark: 4, lines: 5, gap: 6 } as const
export const Flag = { regular: 1, backfill: 2, last: 4, deflate: 8 } as const
export const ColumnType = { f32: 1, f64: 2, i16: 3, i32: 4, u8: 5, u32: 6 } as const
export type ColumnType = (typeof ColumnType)[keyof typeof ColumnType]

export type Column = Float32Array | Float64Array | Int16Array | Int32Array | Uint8Array | Uint32Array

const makers = {
  1: { size: 4, view: (b: ArrayBuffer, o: number, n: number): Column => new Float32Array(b, o, n) },
  2: { size: 8, view: (b: ArrayBuffer, o: number, n: number): Column => new Float64Array(b, o, n) },
  3: { size: 2, view: (b: ArrayBuffer, o: number, n: number): Column => new Int16Array(b, o, n) },
  4: { size: 4, view: (b: ArrayBuffer, o: number, n: number): Column => new Int32Array(b, o, n) },
  5: { size: 1, view: (b: ArrayBuffer, o: number, n: number): Column => new Uint8Array(b, o, n) },
  6: { size: 4, view: (b: ArrayBuffer, o: number, n: number): Column => new Uint32Array(b, o, n) }
} as const

export interface Frame {
  kind: number
  flags: number
  chan: number
  seq: number
  rows: number
  /** Time of row 0, microseconds since 1970 (exact: below 2^53 until the year 2255). */
  t0: number
  /** Microseconds per row if regular, else 0. */
  dt: number
  /** Without the regular flag, column 0 is the offset of each row from t0 in microseconds. */
  columns: Column[]
}

export class FrameError extends Error {
  override name = 'FrameError'
}

const TWO32 = 4294967296
const pad8 = (n: number) => (n + 7) & ~7

function columnsEnd(view: DataView, at: number, rows: number): number {
  const ncol = view.getUint8(at + 32)
  if (ncol > FRAME_COLUMNS) throw new FrameError(`${ncol} columns`)
  let end = at + FRAME_HEAD
  for (let c = 0; c < ncol; c++) {
    const type = view.getUint8(at + 33 + c) as ColumnType
    const maker = makers[type]
    if (!maker) throw new FrameError(`column type ${type}`)
    end += Math.ceil((rows * maker.size) / 8) * 8
  }
  return end
}

function decodeOne(buffer: ArrayBuffer, view: DataView, at: number): { frame: Frame; end: number } {
  if (view.byteLength - at < FRAME_HEAD) throw new FrameError('head is cut')
  const version = view.getUint8(at)
  if (version !== FRAME_VERSION) throw new FrameError(`version ${version}`)
  const kind = view.getUint8(at + 1)
  if (kind < Kind.append || kind > Kind.gap) throw new FrameError(`kind ${kind}`)
  const flags = view.getUint16(at + 2, true)
  if (flags & Flag.deflate) throw new FrameError('payload is deflated')
  const rows = view.getUint32(at + 12, true)
  const end = columnsEnd(view, at, rows)
  if (end > view.byteLength) throw new FrameError('columns are cut')
  const columns: Column[] = []
  let off = at + FRAME_HEAD
  const ncol = view.getUint8(at + 32)
  for (let c = 0; c < ncol; c++) {
    const maker = makers[view.getUint8(at + 33 + c) as ColumnType]
    columns.push(maker.view(buffer, off, rows))
    off += pad8(rows * maker.size)
  }
  const frame: Frame = {
    kind,
    flags,
    chan: view.getUint32(at + 4, true),
    seq: view.getUint32(at + 8, true),
    rows,
    t0: view.getInt32(at + 20, true) * TWO32 + view.getUint32(at + 16, true),
    dt: view.getFloat64(at + 24, true),
    columns
  }
  checkTimes(frame)
  return { frame, end }
}

function checkTimes(f: Frame): void {
  const carries = f.rows > 0 && f.kind !== Kind.lines && f.kind !== Kind.gap
  if (f.flags & Flag.regular) {
    if (!Number.isFinite(f.dt) || f.dt < 0) throw new FrameError('dt')
  } else if (carries && !(f.columns[0] instanceof Float64Array)) {
    throw new FrameError('no time column')
  }
}

/** All frames of a message. Throws FrameError; nothing of a bad message is used. */
export function decodeFrames(buffer: ArrayBuffer): Frame[] {
  const view = new DataView(buffer)
  const frames: Frame[] = []
  for (let at = 0; at < view.byteLength; ) {
    const { frame, end } = decodeOne(buffer, view, at)
    frames.push(frame)
    at = end
  }
  return frames
}

/** The columns that are values: all of them, or all after the times. */
export function valueColumns(f: Frame): Column[] {
  return f.flags & Flag.regular ? f.columns : f.columns.slice(1)
}

/** Times of the rows in microseconds since 1970. */
export function frameTimes(f: Frame): Float64Array {
  const t = new Float64Array(f.rows)
  if (f.flags & Flag.regular) {
    for (let i = 0; i < t.length; i++) t[i] = f.t0 + i * f.dt
  } else {
    const x = f.columns[0]
    if (x) for (let i = 0; i < t.length; i++) t[i] = f.t0 + (x[i] as number)
  }
  return t
}

const typeOf = (c: Column): ColumnType => {
  if (c instanceof Float32Array) return ColumnType.f32
  if (c instanceof Float64Array) return ColumnType.f64
  if (c instanceof Int16Array) return ColumnType.i16
  if (c instanceof Int32Array) return ColumnType.i32
  if (c instanceof Uint8Array) return ColumnType.u8
  return ColumnType.u32
}

/** The inverse of decodeFrames, for tests and for servers made by tests. */
export function encodeFrame(f: Frame): ArrayBuffer {
  let size = FRAME_HEAD
  for (const c of f.columns) size += pad8(c.byteLength)
  const buffer = new ArrayBuffer(size)
  const view = new DataView(buffer)
  view.setUint8(0, FRAME_VERSION)
  view.setUint8(1, f.kind)
  view.setUint16(2, f.flags, true)
  view.setUint32(4, f.chan, true)
  view.setUint32(8, f.seq, true)
  view.setUint32(12, f.rows, true)
  view.setUint32(16, ((f.t0 % TWO32) + TWO32) % TWO32, true)
  view.setInt32(20, Math.floor(f.t0 / TWO32), true)
  view.setFloat64(24, f.dt, true)
  view.setUint8(32, f.columns.length)
  let off = FRAME_HEAD
  f.columns.forEach((c, i) => {
    view.setUint8(33 + i, typeOf(c))
    new Uint8Array(buffer).set(new Uint8Array(c.buffer, c.byteOffset, c.byteLength), off)
    off += pad8(c.byteLength)
  })
  return buffer
}
