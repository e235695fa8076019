import { expect, test } from 'vitest'
import { targetPlace } from './AuditTarget'
import { auditText } from './text'

const entry = (action: string, target_kind: string | null, target_id: string | null, target: string | null) => ({
  action,
  target_kind,
  target_id,
  target
})

test('an entry leads to what it is about, while that is there', () => {
  const unit = '5d0c3c4e-6a3e-4b0e-9a55-0d6a3b1f2c77'
  expect(targetPlace(entry('unit.pause', 'unit', unit, 'pump'))).toBe(`/units/${unit}`)
  expect(targetPlace(entry('package.upload', 'package', 'tool', 'tool@1.0.0'))).toBe('/packages/tool')
  expect(targetPlace(entry('member.set', 'project', '3', 'plant'))).toBe('/admin/projects/3')
  expect(targetPlace(entry('session.create', 'user', '5', 'a&b'))).toBe('/admin/users?q=a%26b')
  expect(targetPlace(entry('alert_rule.update', 'alert_rule', '7', 'hot'))).toBe('/alerts/rules?rule=7')
  expect(targetPlace(entry('unit.delete', 'unit', unit, 'pump'))).toBeNull()
  expect(targetPlace(entry('keys.rotate', 'key', 'k1', 'k1'))).toBeNull()
  expect(targetPlace(entry('package.create', null, null, 'tool'))).toBeNull()
})

test('both languages name the same kinds', () => {
  expect(Object.keys(auditText.ru.kinds)).toEqual(Object.keys(auditText.en.kinds))
})
