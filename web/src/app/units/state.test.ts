import { expect, test } from 'vitest'
import type { Unit } from '@/api/schema.gen'
import { unitState, uptimeOf } from './state'

const now = Date.parse('2026-11-21T12:00:00Z')
const unit = (over: Partial<Unit>) =>
  ({
    status: 'running',
    last_heartbeat: '2026-11-21T11:59:40Z',
    started_at: '2026-11-21T11:00:00Z',
    command_action: null,
    command_error: null,
    ...over
  }) as Unit

test('a unit that does not report is late, one that was asked to stop is stopping', () => {
  expect(unitState(unit({}), now)).toBe('running')
  expect(unitState(unit({ last_heartbeat: '2026-11-21T11:58:00Z' }), now)).toBe('late')
  expect(unitState(unit({ last_heartbeat: null }), now)).toBe('late')
  expect(unitState(unit({ command_action: 'stop' }), now)).toBe('stopping')
  expect(unitState(unit({ command_action: 'stop', command_error: 'no such process' }), now)).toBe('running')
  expect(unitState(unit({ status: 'failed' }), now)).toBe('failed')
})

test('uptime goes on by the clock, and only while it runs', () => {
  expect(uptimeOf(unit({}), now)).toBe(3600)
  expect(uptimeOf(unit({ status: 'stopped' }), now)).toBeNull()
})
