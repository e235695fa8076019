import { describe, expect, test } from 'vitest'
import { decodeFrames, encodeFrame, Flag, type Frame, FrameError, frameTimes, Kind, valueColumns } from './frame'

const irregular: Frame = {
  kind: Kind.append,
  flags: 0,
  chan: 7,
  seq: 4294967295,
  rows: 3,
  t0: 1_763_730_000_123_456,
  dt: 0,
  columns: [new Float64Array([0, 500, 1500]), new Float64Array([1.5, Number.NaN, -0]), new Int16Array([1, -2, 3])]
}
const regular: Frame = {
  kind: Kind.snapshot,
  flags: Flag.regular | Flag.last,
  chan: 1,
  seq: 2,
  rows: 5,
  t0: -62_135_596_800_000_000,
  dt: 500,
  columns: [new Float32Array([1, 2, 3, 4, 5]), new Uint8Array([9, 8, 7, 6, 5])]
}

function joined(...frames: Frame[]): ArrayBuffer {
  const parts = frames.map(f => new Uint8Array(encodeFrame(f)))
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    all.set(p, at)
    at += p.length
  }
  return all.buffer
}

describe('frame', () => {
  test('comes back as it was, several in one message', () => {
    const buffer = joined(irregular, regular)
    const got = decodeFrames(buffer)
    expect(got).toEqual([irregular, regular])
    expect(Object.is(got[0]?.columns[1]?.[2], -0)).toBe(true)
  })

  test('columns are views of the message, not copies', () => {
    const buffer = joined(irregular, regular)
    for (const f of decodeFrames(buffer)) for (const c of f.columns) expect(c.buffer).toBe(buffer)
  })

  test('times and values', () => {
    expect([...frameTimes(irregular)]).toEqual([0, 500, 1500].map(x => irregular.t0 + x))
    expect([...frameTimes(regular)]).toEqual([0, 500, 1000, 1500, 2000].map(x => regular.t0 + x))
    expect(valueColumns(irregular)).toHaveLength(2)
    expect(valueColumns(regular)).toHaveLength(2)
  })

  test('bytes of the head are where the document says', () => {
    const v = new DataView(encodeFrame(irregular))
    expect([v.getUint8(0), v.getUint8(1), v.getUint16(2, true), v.getUint32(4, true)]).toEqual([1, 1, 0, 7])
    expect([v.getUint32(8, true), v.getUint32(12, true)]).toEqual([4294967295, 3])
    expect(v.getBigInt64(16, true)).toBe(1_763_730_000_123_456n)
    expect([v.getUint8(32), v.getUint8(33), v.getUint8(34), v.getUint8(35)]).toEqual([3, 2, 2, 3])
    expect(v.byteLength).toBe(40 + 24 + 24 + 8)
  })

  test('every cut of a message is refused', () => {
    const whole = new Uint8Array(joined(irregular, regular))
    const first = encodeFrame(irregular).byteLength
    for (let n = 1; n < whole.length; n++) {
      if (n === first) continue
      expect(() => decodeFrames(whole.slice(0, n).buffer)).toThrow(FrameError)
    }
  })

  test('changed bytes throw FrameError or decode, never anything else', () => {
    const whole = new Uint8Array(joined(irregular, regular))
    for (let i = 0; i < whole.length; i++) {
      for (const b of [0, 1, 7, 127, 255]) {
        const bad = whole.slice()
        bad[i] = b
        try {
          for (const f of decodeFrames(bad.buffer)) frameTimes(f)
        } catch (e) {
          expect(e).toBeInstanceOf(FrameError)
        }
      }
    }
  })

  test('rows without times are refused', () => {
    const f: Frame = { ...irregular, columns: [new Float32Array([1, 2, 3])] }
    expect(() => decodeFrames(encodeFrame(f))).toThrow('no time column')
  })
})
