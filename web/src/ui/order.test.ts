import { expect, test } from 'vitest'
import { type Asked, LiveOrder, moved } from './order'

type Row = { id: string; v: number | string }
const rows = (text: string): Row[] => text.split(' ').map(t => ({ id: t[0] as string, v: Number(t.slice(1)) }))
const base: Asked<Row> = { id: r => r.id, by: r => r.v, down: false, why: 'x', look: 0, held: false }
const ids = (list: Row[]) => list.map(r => r.id).join('')

test('rows keep their places until the order is looked at again', () => {
  const o = new LiveOrder<Row>()
  expect(ids(o.of(rows('a2 b1'), base))).toBe('ba')
  const now = rows('a0 b1')
  expect(ids(o.of(now, base))).toBe('ba')
  expect(o.of(now, base)[1]).toBe(now[0])
  expect(ids(o.of(now, { ...base, look: 1 }))).toBe('ab')
  expect(ids(o.of(rows('a0 b1'), { ...base, look: 1, why: 'y', down: true }))).toBe('ba')
})

test('rows that come and go take their places', () => {
  const o = new LiveOrder<Row>()
  expect(ids(o.of(rows('a3 b2 c1'), base))).toBe('cba')
  expect(ids(o.of(rows('a3 c1 d2'), base))).toBe('cda')
  expect(ids(o.of([], base))).toBe('')
  expect(ids(o.of(rows('b2 a1'), base))).toBe('ab')
})

test('a held order stays, says how many rows wait, and is given up when it is let go', () => {
  const o = new LiveOrder<Row>()
  const held = { ...base, held: true }
  o.of(rows('a1 b2 c3 d4'), base)
  expect(ids(o.of(rows('a9 b2 c3 d4'), { ...held, look: 1 }))).toBe('abcd')
  expect(o.waiting).toBe(1)
  expect(ids(o.of(rows('a9 b8 c3 d4'), { ...held, look: 2 }))).toBe('abcd')
  expect(o.waiting).toBe(2)
  expect(ids(o.of(rows('a9 b2 c3 d4'), { ...held, look: 3 }))).toBe('abcd')
  expect(o.waiting).toBe(1)
  // one that goes leaves, one that comes stands last and waits for its place
  expect(ids(o.of(rows('a9 b2 d4 e1'), { ...held, look: 4 }))).toBe('abde')
  expect(o.waiting).toBe(2)
  expect(ids(o.of(rows('a9 b2 d4 e1'), { ...base, look: 4 }))).toBe('ebda')
  expect(o.waiting).toBe(0)
})

test('who asks for another order gets it, held or not', () => {
  const o = new LiveOrder<Row>()
  o.of(rows('a1 b2'), base)
  expect(ids(o.of(rows('a1 b2'), { ...base, held: true, why: 'y', down: true }))).toBe('ba')
  expect(o.waiting).toBe(0)
  expect(ids(o.of(rows('b2 a1'), { ...base, why: 'z', by: undefined }))).toBe('ba')
})

test('putting a few in their places is what sorting all gives', () => {
  const o = new LiveOrder<Row>()
  let seed = 7
  const random = () => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
  }
  let list: Row[] = Array.from({ length: 300 }, (_, i) => ({ id: `r${i}`, v: `row ${Math.floor(random() * 1000)}` }))
  for (let look = 0; look < 60; look++) {
    list = list.map(r => (random() < 0.02 ? { id: r.id, v: `row ${Math.floor(random() * 1000)}` } : r))
    if (look % 7 === 0) list = list.filter(() => random() < 0.98).concat({ id: `n${look}`, v: `row ${Math.floor(random() * 1000)}` })
    const down = look % 20 > 10
    const got = o.of(list, { ...base, down, why: String(down), look }).map(r => Number(String(r.v).slice(4)))
    expect(got).toEqual([...got].sort((a, b) => (down ? b - a : a - b)))
    expect(got.length).toBe(list.length)
  }
})

test('the fewest rows that move', () => {
  expect(moved([1, 2, 3, 4], [4, 1, 2, 3])).toBe(1)
  expect(moved([1, 2, 3, 4], [4, 3, 2, 1])).toBe(3)
  expect(moved([], [])).toBe(0)
})
