import { expect, test } from 'vitest'
import { beatPaths, sparkPath } from './Spark'

test('a line from edge to edge, broken where there is nothing, flat in the middle', () => {
  expect(sparkPath([0, 1, Number.NaN, 1], 32, 18)).toBe('M1 16h.5L11 2M31 2h.5')
  expect(sparkPath([5, 5], 12, 10)).toBe('M1 5h.5L11 5')
  expect(sparkPath([], 12, 10)).toBe('')
})

test('a path of bars for each kind that occurs', () => {
  expect(beatPaths(['ok', 'err', 'ok'], 30, 10)).toEqual([
    ['ok', 'M0 10v-7h9v7zM20 10v-7h9v7z'],
    ['err', 'M10 10v-10h9v10z']
  ])
})
