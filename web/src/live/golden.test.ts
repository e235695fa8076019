/* The same bytes that the server's reader and writer are tested with: tests/golden/live at the root of the tree. */
// @ts-expect-error the page's configuration has no types of Node; the tests run in it
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Column, type ColumnType, decodeFrames, encodeFrame, Flag, type Frame, FrameError, Kind } from './frame'

interface Described {
  doc: string
  bad?: boolean
  frames: {
    kind: keyof typeof Kind
    flags: (keyof typeof Flag)[]
    chan: number
    seq: number
    rows: number
    t0: number
    dt: number
    columns?: { type: keyof typeof ColumnType; values: (number | null)[] }[]
  }[]
}
const make: Record<keyof typeof ColumnType, (v: number[]) => Column> = {
  f32: v => Float32Array.from(v),
  f64: v => Float64Array.from(v),
  i16: v => Int16Array.from(v),
  i32: v => Int32Array.from(v),
  u8: v => Uint8Array.from(v),
  u32: v => Uint32Array.from(v)
}
const frameOf = (f: Described['frames'][number]): Frame => ({
  kind: Kind[f.kind],
  flags: f.flags.reduce((sum, name) => sum | Flag[name], 0),
  chan: f.chan,
  seq: f.seq,
  rows: f.rows,
  t0: f.t0,
  dt: f.dt,
  columns: (f.columns ?? []).map(c => make[c.type](c.values.map(v => v ?? Number.NaN)))
})

const folder = new URL('../../../tests/golden/live/', import.meta.url).pathname
const names: string[] = (readdirSync(folder) as string[]).filter(n => n.endsWith('.json')).map(n => n.slice(0, -5))
const bytesOf = (name: string): ArrayBuffer => Uint8Array.from(readFileSync(`${folder}${name}.bin`) as Uint8Array).buffer
const described = (name: string) => JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8') as string) as Described

describe('golden frames', () => {
  test('are there', () => expect(names.length).toBeGreaterThan(10))

  test.each(names)('%s', name => {
    const d = described(name)
    const bytes = bytesOf(name)
    if (d.bad) {
      expect(() => decodeFrames(bytes)).toThrow(FrameError)
      return
    }
    const want = d.frames.map(frameOf)
    expect(decodeFrames(bytes)).toEqual(want)
    const written = new Uint8Array(want.reduce((n, f) => n + encodeFrame(f).byteLength, 0))
    let at = 0
    for (const f of want) {
      written.set(new Uint8Array(encodeFrame(f)), at)
      at += encodeFrame(f).byteLength
    }
    expect(written).toEqual(new Uint8Array(bytes))
  })
})
