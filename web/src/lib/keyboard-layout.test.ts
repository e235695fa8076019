import { expect, test } from 'vitest'
import { score, variants } from './keyboard-layout'

test('words of the wrong layout are understood', () => {
  expect(variants('ыекфз')).toContain('strap')
  expect(variants('gfrtns')).toContain('пакеты')
  expect(score('гтшеы', 'Units')).toBeGreaterThan(0)
  expect(score('nothing', 'Units')).toBe(0)
})

test('ё and е are one letter; a start of a word counts more than its middle', () => {
  expect(score('учёт', 'Учетные записи')).toBeGreaterThan(0)
  expect(score('sen', 'demo sensor')).toBeGreaterThan(score('nso', 'demo sensor'))
  expect(score('demo sen', 'demo sensor')).toBeGreaterThan(0)
})
