import { expect, test } from 'vitest'
import { type LogLine, LogLines, placeOf } from './log-lines'

const line = (id: number, t = id): LogLine => ({ id, t, level: 'info', text: `line ${id}` })
const ids = (l: LogLines) => l.list.map(x => x.id)

test('any order, any repetition: each line once, by time and number', () => {
  const l = new LogLines()
  expect(l.add([line(6), line(5)])).toBe(true)
  expect(l.add([line(6)])).toBe(false)
  expect(l.add([line(7), line(6), line(7)])).toBe(true)
  expect(l.add([line(4), line(3)])).toBe(true)
  expect(l.add([line(9, 5), line(8, 6)])).toBe(true)
  expect(ids(l)).toEqual([3, 4, 5, 9, 6, 8, 7])
  expect(l.add([])).toBe(false)
  expect(placeOf(l.list, line(9, 5))).toBe(3)
})

test('the same as sorting everything, whatever comes', () => {
  let seed = 1
  const random = (n: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % n
  }
  const l = new LogLines()
  const all = new Map<number, LogLine>()
  for (let round = 0; round < 300; round++) {
    const part = Array.from({ length: random(12) }, () => {
      const id = random(1500)
      return line(id, id >> 2)
    })
    for (const x of part) all.set(x.id, x)
    l.add(part)
  }
  expect(ids(l)).toEqual([...all.values()].sort((a, b) => a.t - b.t || a.id - b.id).map(x => x.id))
})

test('the oldest go when there are too many', () => {
  const l = new LogLines(100)
  for (let i = 0; i < 1000; i++) l.add([line(i)])
  expect(l.list.length).toBeLessThanOrEqual(110)
  expect(l.list.at(-1)?.id).toBe(999)
  expect(l.list.length).toBeGreaterThanOrEqual(100)
})
