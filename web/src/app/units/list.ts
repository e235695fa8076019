// The list of units as it changes: thousands of rows of which a few are new at a time. Rows that stay are the same objects, so that
// what shows them is left alone.
import type { Unit } from '@/api/schema.gen'

export type Changes = Map<string, Unit>

/** It is gone for people as soon as somebody has removed it. */
export const gone = (u: Unit): boolean => u.desired === 'removed'

/** The list with the new rows in their places; a removed unit leaves it. */
export function withChanges(list: Unit[], changes: ReadonlyMap<string, Unit>): Unit[] {
  if (changes.size === 0) return list
  const left = new Map(changes)
  const out: Unit[] = []
  for (const old of list) {
    const now = left.get(old.unit_id)
    if (!now) out.push(old)
    else if (!gone(now)) out.push(now)
    left.delete(old.unit_id)
  }
  for (const u of left.values()) if (!gone(u)) out.push(u)
  return out
}

function same(a: Unit, b: Unit): boolean {
  for (const k in b) if (a[k as keyof Unit] !== b[k as keyof Unit]) return false
  return true
}

/** The new list, with the old objects where a row is as it was; the old list itself if all are. */
export function kept(old: Unit[] | undefined, now: Unit[]): Unit[] {
  if (!old || old === now) return now
  let byId: Map<string, Unit> | undefined
  let equal = old.length === now.length
  const out = now.map((u, i) => {
    let before = old[i]
    if (before === u) return u
    if (before?.unit_id !== u.unit_id) {
      byId ??= new Map(old.map(o => [o.unit_id, o]))
      before = byId.get(u.unit_id)
    }
    if (before && same(before, u)) {
      if (before !== old[i]) equal = false
      return before
    }
    equal = false
    return u
  })
  return equal ? old : out
}
