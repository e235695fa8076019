import { expect, test } from 'vitest'
import { Turns } from './turns'

test('a frame does what fits into it; the newest of a key stands for the others', () => {
  const frames: (() => void)[] = []
  let now = 0
  const done: string[] = []
  const t = new Turns<number>(
    4,
    3,
    fn => frames.push(fn),
    () => now
  )
  const work = (name: string) => () => {
    now += 3
    done.push(name)
  }
  t.ask(1, work('old'))
  t.ask(2, work('b'))
  t.ask(1, work('a'))
  t.ask(3, work('c'))
  t.ask(4, work('never'))
  t.drop(4)
  expect(frames).toHaveLength(1)
  frames.shift()?.()
  expect(done).toEqual(['a', 'b'])
  expect(frames).toHaveLength(1)
  frames.shift()?.()
  expect(done).toEqual(['a', 'b', 'c'])
  expect(frames).toHaveLength(0)
  for (let k = 1; k <= 4; k++) t.ask(k, () => done.push(`quick ${k}`))
  frames.shift()?.()
  expect(done).toHaveLength(6)
  frames.shift()?.()
  expect(done.at(-1)).toBe('quick 4')
  t.ask(1, () => t.ask(1, work('again')))
  frames.shift()?.()
  expect(frames).toHaveLength(1)
  frames.shift()?.()
  expect(done.at(-1)).toBe('again')
  expect(frames).toHaveLength(0)
})
