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

/** Rows in the order that they had, as long as nothing asks for another: rows must not change places under the pointer. */
export class Order<T> {
  private given: (string | number)[] = [] // ids of the rows that came last
  private places: number[] = [] // for each place in the order, which of those stands there
  private why = ''

  /** Sorted anew when `why` is another or when rows came or went; rows that stayed start from the order they had. */
  of(rows: T[], id: (row: T) => string | number, why: string, sort: (rows: T[]) => T[]): T[] {
    const same = rows.length === this.given.length && rows.every((r, i) => id(r) === this.given[i])
    if (same && why === this.why) return this.places.map(i => rows[i] as T)
    const at = new Map(rows.map((r, i) => [id(r), i]))
    const before: T[] = []
    for (const p of this.places) {
      const i = at.get(this.given[p] as string | number)
      if (i === undefined) continue
      before.push(rows[i] as T)
      at.delete(this.given[p] as string | number)
    }
    const out = sort([...before, ...[...at.values()].map(i => rows[i] as T)])
    this.given = rows.map(id)
    const placeOf = new Map(this.given.map((k, i) => [k, i]))
    this.places = out.map(r => placeOf.get(id(r)) as number)
    this.why = why
    return out
  }
}
