import { expect, test } from 'vitest'
import { fits, parseFilter } from './FilterBar'

const rows = [
  { name: 'door sensor', status: 'running', host: 'lab 1' },
  { name: 'crasher', status: 'failed', host: 'lab 2' },
  { name: 'lamp', status: 'stopped', host: 'lab 1' }
]
const get = (r: (typeof rows)[0], key: string) => ({ status: [r.status], host: [r.host] })[key]
const found = (text: string) => rows.filter(r => fits(parseFilter(text), r, get, x => x.name)).map(r => r.name)

test('words and tokens, several values of a key, exclusion, quotes', () => {
  expect(found('')).toHaveLength(3)
  expect(found('SENS')).toEqual(['door sensor'])
  expect(found('status:failed')).toEqual(['crasher'])
  expect(found('status:failed status:stopped')).toEqual(['crasher', 'lamp'])
  expect(found('-status:failed host:"lab 1"')).toEqual(['door sensor', 'lamp'])
  expect(found('status:failed lamp')).toEqual([])
})

test('a token that is being typed filters nothing yet', () => {
  expect(found('status:')).toHaveLength(3)
  expect(parseFilter('host:"la').tokens).toEqual([{ key: 'host', value: 'la', not: false }])
})
