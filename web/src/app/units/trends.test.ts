import { expect, test } from 'vitest'
import { beatsOf } from './trends'

test('a silent minute after the first report is a missed heartbeat, the present one is not over', () => {
  const nan = Number.NaN
  expect(beatsOf([nan, nan, 1, nan, 2, nan])).toEqual(['none', 'none', 'ok', 'err', 'ok', 'none'])
  expect(beatsOf([nan, nan])).toEqual(['none', 'none'])
})
