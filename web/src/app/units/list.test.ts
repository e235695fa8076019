import { expect, test } from 'vitest'
import type { Unit } from '@/api/schema.gen'
import { kept, withChanges } from './list'

const unit = (unit_id: string, over: Partial<Unit> = {}) =>
  ({ unit_id, name: unit_id, status: 'running', desired: 'running', ...over }) as Unit
const ids = (list: Unit[]) => list.map(u => u.unit_id).join('')

test('changes take their places, new rows come last, removed ones go', () => {
  const list = ['a', 'b', 'c'].map(i => unit(i))
  const b = unit('b', { status: 'failed' })
  const out = withChanges(list, new Map([b, unit('d'), unit('a', { desired: 'removed' })].map(u => [u.unit_id, u])))
  expect(ids(out)).toBe('bcd')
  expect(out[0]).toBe(b)
  expect(out[1]).toBe(list[2])
  expect(withChanges(list, new Map())).toBe(list)
})

test('rows that are as they were stay the same objects', () => {
  const list = ['a', 'b', 'c'].map(i => unit(i))
  expect(
    kept(
      list,
      ['a', 'b', 'c'].map(i => unit(i))
    )
  ).toBe(list)
  const out = kept(list, [unit('c'), unit('a', { pid: 7 }), unit('b')])
  expect(ids(out)).toBe('cab')
  expect(out[0]).toBe(list[2])
  expect(out[1]?.pid).toBe(7)
  expect(out[2]).toBe(list[1])
  expect(kept(list, [unit('a')])).toEqual([list[0]])
  expect(kept(undefined, list)).toBe(list)
})
