/* The order of rows that live: looked at now and then, and held while somebody is among them (rows must not change places under the pointer).
 * What is held is the order alone: values in the rows go on. It tells how many rows would move. */
import { useMemo, useReducer, useRef, useState } from 'react'

export type Id = string | number
export type SortKey = string | number

const collator = new Intl.Collator(undefined, { numeric: true })

/** Numbers by size, texts as people order them. */
export const compareKeys = (a: SortKey, b: SortKey): number =>
  typeof a === 'number' && typeof b === 'number' ? (a < b ? -1 : a > b ? 1 : 0) : collator.compare(String(a), String(b))

export interface Asked<T> {
  id: (row: T) => Id
  /** What rows are sorted by; undefined: as they come. */
  by: ((row: T) => SortKey) | undefined
  down: boolean
  /** Another: somebody asks for another order, which comes at once, held or not. */
  why: string
  /** Another: keys of rows may have changed with the time. */
  look: unknown
  held: boolean
}

/** Rows that have other keys than before are put in their places one by one up to this share of all; more are sorted together. */
const ONE_BY_ONE = 1 / 2

export class LiveOrder<T> {
  /** Rows that would stand elsewhere if the order were not held. */
  waiting = 0
  private given: Id[] = [] // as they came last
  private shown: Id[] = []
  private places: number[] = [] // of each shown row: which of those that came
  private wanted: Id[] = []
  private keys = new Map<Id, SortKey>()
  private why = ''
  private look: unknown

  of(rows: readonly T[], q: Asked<T>): T[] {
    const same = rows.length === this.given.length && rows.every((r, i) => q.id(r) === this.given[i])
    const other = q.why !== this.why
    if (!same || other || q.look !== this.look) this.sort(rows, q, other)
    else if (!q.held && this.waiting) this.show(this.wanted)
    if (!same) this.given = rows.map(q.id)
    return this.places.map(i => rows[i] as T)
  }

  private sort(rows: readonly T[], q: Asked<T>, other: boolean): void {
    const at = new Map(rows.map((r, i) => [q.id(r), i]))
    const keys = new Map<Id, SortKey>()
    if (q.by) for (const r of rows) keys.set(q.id(r), q.by(r))
    const before = other || !this.wanted.length ? this.shown : this.wanted
    const stay: Id[] = []
    const move: Id[] = []
    const known = new Set<Id>()
    for (const id of before) {
      if (!at.has(id)) continue
      known.add(id)
      const as = !other && keys.get(id) === this.keys.get(id)
      ;(as ? stay : move).push(id)
    }
    const came: Id[] = []
    for (const id of at.keys()) if (!known.has(id)) came.push(id)
    move.push(...came)
    const sign = q.down ? -1 : 1
    const compare = q.by ? (a: Id, b: Id) => sign * compareKeys(keys.get(a) as SortKey, keys.get(b) as SortKey) : () => 0
    this.wanted =
      q.by && move.length > at.size * ONE_BY_ONE
        ? before
            .filter(id => at.has(id))
            .concat(came)
            .sort(compare)
        : put(stay, move, compare)
    this.keys = keys
    this.why = q.why
    this.look = q.look
    this.show(q.held && !other ? this.shown.filter(id => at.has(id)).concat(came) : this.wanted, at)
  }

  private show(ids: Id[], at = new Map(this.given.map((id, i) => [id, i]))): void {
    this.shown = ids
    this.places = ids.map(id => at.get(id) as number)
    this.waiting = ids === this.wanted ? 0 : moved(ids, this.wanted)
  }
}

/* A sorted list with a few more in their places, behind those that are equal. */
function put(list: Id[], more: Id[], compare: (a: Id, b: Id) => number): Id[] {
  if (!more.length) return list
  const placed = more.sort(compare).map(id => {
    let lo = 0
    let hi = list.length
    while (lo < hi) {
      const mid = (lo + hi) >>> 1
      if (compare(list[mid] as Id, id) <= 0) lo = mid + 1
      else hi = mid
    }
    return { id, lo }
  })
  const out: Id[] = []
  let from = 0
  for (const { id, lo } of placed) {
    for (; from < lo; from++) out.push(list[from] as Id)
    out.push(id)
  }
  for (; from < list.length; from++) out.push(list[from] as Id)
  return out
}

/** The fewest rows that must change places to make one order of the other: all but the longest part that rises. */
export function moved(from: readonly Id[], to: readonly Id[]): number {
  const place = new Map(to.map((id, i) => [id, i]))
  const tails: number[] = []
  for (const id of from) {
    const p = place.get(id) as number
    let lo = 0
    let hi = tails.length
    while (lo < hi) {
      const mid = (lo + hi) >>> 1
      if ((tails[mid] as number) < p) lo = mid + 1
      else hi = mid
    }
    tails[lo] = p
  }
  return from.length - tails.length
}

/** What a table needs to hold its order: see DataTable. */
export interface Held {
  waiting: number
  /** Somebody has come among the rows, or has left. */
  hold: (on: boolean) => void
  /** Rows take their places now. */
  apply: () => void
}

/** Rows in an order that follows them, as long as nobody is among them. */
export function useLiveOrder<T>(rows: readonly T[], asked: Omit<Asked<T>, 'held'>): { rows: T[]; held: Held } {
  const order = useRef(new LiveOrder<T>())
  const [held, hold] = useState(false)
  const [asks, apply] = useReducer((n: number) => n + 1, 0)
  const done = useRef(asks)
  const { id, by, down, why, look } = asked
  const out = useMemo(() => {
    const now = asks !== done.current
    done.current = asks
    const list = order.current.of(rows, { id, by, down, why, look, held: held && !now })
    return { list, waiting: order.current.waiting }
  }, [rows, id, by, down, why, look, held, asks])
  const { list, waiting } = out
  return useMemo(() => ({ rows: list, held: { waiting, hold, apply } }), [list, waiting])
}
