import { describe, expect, test } from 'vitest'
import { digitsFor } from './format'
import { ECO_AFTER, ECO_LEAVE, Loop } from './loop'
import { niceRange, niceStep, SHRINK_AFTER_MS, StickyRange } from './range'

describe('loop', () => {
  function setup() {
    let fn: (() => void) | null = null
    let now = 0
    const loop = new Loop(
      f => {
        fn = f
        return 1
      },
      () => {
        fn = null
      },
      () => now
    )
    const run = () => fn?.()
    return { loop, run, pass: (ms: number) => (now += ms), running: () => fn !== null }
  }

  test('over budget for long: half the rate, and back when it is cheap', () => {
    const s = setup()
    let drawn = 0
    let cost = 13
    const remove = s.loop.add({
      frame: () => {
        drawn++
        s.pass(cost)
      }
    })
    for (let i = 0; i < ECO_AFTER; i++) s.run()
    expect([s.loop.eco, drawn]).toEqual([true, ECO_AFTER])
    drawn = 0
    for (let i = 0; i < 20; i++) s.run()
    expect(drawn).toBe(10)
    cost = 7
    for (let i = 0; i < 4 * ECO_LEAVE; i++) s.run()
    expect(s.loop.eco).toBe(true)
    cost = 2
    for (let i = 0; i < 2 * ECO_LEAVE + 2; i++) s.run()
    expect(s.loop.eco).toBe(false)
    remove()
    expect(s.running()).toBe(false)
  })

  test('one slow frame is nothing', () => {
    const s = setup()
    let n = 0
    s.loop.add({ frame: () => s.pass(++n % 10 === 0 ? 50 : 3) })
    for (let i = 0; i < 200; i++) s.run()
    expect(s.loop.eco).toBe(false)
  })
})

describe('range of y', () => {
  test('round steps', () => {
    expect([0.011, 0.2, 3, 7, 10].map(niceStep)).toEqual([0.02, 0.2, 5, 10, 10])
  })
  test('holds what is seen', () => {
    for (const [min, max] of [
      [0, 0],
      [5, 5],
      [-3, -3],
      [0.1, 99],
      [-1e9, 1e9],
      [1e-12, 2e-12],
      [1e15, 1e15 + 1]
    ] as const) {
      const r = niceRange({ min, max })
      expect(r.min).toBeLessThanOrEqual(min)
      expect(r.max).toBeGreaterThanOrEqual(max)
      expect(r.max).toBeGreaterThan(r.min)
    }
    expect(niceRange({ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY })).toEqual({ min: 0, max: 1 })
    expect(niceRange({ min: 3, max: 100 }).min).toBe(0)
  })
  test('nothing yet leaves no range behind', () => {
    const s = new StickyRange()
    s.update({ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }, 0)
    expect(s.update({ min: 16, max: 24 }, 1)).toEqual(niceRange({ min: 16, max: 24 }))
  })
  test('marks have the digits that their steps need', () => {
    expect([2.5, 0.25, 1, 20, 0.1, 0.05, 1e-12].map(digitsFor)).toEqual([1, 2, 0, 0, 1, 2, 9])
  })
  test('grows at once, shrinks after three calm seconds', () => {
    const s = new StickyRange()
    const small = s.update({ min: 0, max: 10 }, 0)
    const large = s.update({ min: 0, max: 100 }, 10)
    expect(large.max).toBeGreaterThan(small.max)
    expect(s.update({ min: 0, max: 10 }, 20)).toEqual(large)
    expect(s.update({ min: 0, max: 10 }, SHRINK_AFTER_MS)).toEqual(large)
    expect(s.update({ min: 0, max: 10 }, SHRINK_AFTER_MS + 20)).toEqual(small)
  })
})
