import { expect, test } from 'vitest'
import type { TelemetryRow } from '@/api/schema.gen'
import type { LogLine } from '@/ui'
import { merged, shows } from './log'

const line = (id: number, t = id): LogLine => ({ id, t, level: 'info', text: `line ${id}` })
const ids = (lines: LogLine[]) => lines.map(l => l.id)

test('new lines are added once, older ones go before', () => {
  const old = [line(5), line(6)]
  expect(merged(old, [line(6)])).toBe(old)
  expect(ids(merged(old, [line(6), line(7)]))).toEqual([5, 6, 7])
  expect(ids(merged(old, [line(3), line(4)]))).toEqual([3, 4, 5, 6])
  expect(ids(merged([], [line(1)]))).toEqual([1])
})

test('a live line is shown when it fits what was asked', () => {
  const row = { level: 'warn', message: 'Disk is Full' } as TelemetryRow
  expect(shows(row, undefined, undefined)).toBe(true)
  expect(shows(row, 'error', undefined)).toBe(false)
  expect(shows(row, 'info', 'full')).toBe(true)
  expect(shows(row, 'info', 'empty')).toBe(false)
})
