/* Newest values of the rows in sight of a list of thousands of series: one chart of the live worker with a layer per row, twice a second. Each
 * row is told by itself, some of them in each frame, so that neither the list is drawn again nor one frame has to draw all its rows. */
import { Turns } from '@/lib/turns'
import type { ChartClient } from '@/live/store'
import type { ChartLayer, ChartLine, ChartView } from '@/live/wire'

export interface Newest {
  y: Float64Array
  x: Float64Array
  min: number
  max: number
  last: number
  lastAt: number // microseconds, 0: none
  rate: number
  error: string
}
export interface Known {
  last: number
  at: number // microseconds
}
export interface NewestHost {
  open(
    layers: ChartLayer[],
    view: ChartView,
    o: { capacity: number; hz: number },
    fn: (view: ChartView, lines: ChartLine[]) => void
  ): ChartClient
  paused(): boolean
  /** The last value of a series that is silent now, null: there is none. */
  lastKnown(id: number): Promise<Known | null>
  now(): number // ms
  after(ms: number, fn: () => void): ReturnType<typeof setTimeout>
  cancel(timer: ReturnType<typeof setTimeout> | undefined): void
}

const COLUMNS = 96
const POINTS = 4096 // kept of each row's series
const HZ = 2
/** Rows that come into sight are asked for together, so often at most (ms). */
const GATHER_MS = 200
/** A row that is in sight for so long (ms) without a value is silent: its last one is asked for. */
const SILENT_MS = 1500
/** Rows out of sight whose values are kept. */
const KEPT = 300
/** Milliseconds of a frame for what rows show. */
const SHARE_MS = 3
/** Rows that are told in a frame: sixty of them have had their turn within a quarter of a second. */
const A_FRAME = 4

function newest(l: ChartLine): Newest {
  const y = l.y.slice(0, l.n)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const v of y) {
    if (v < min) min = v
    if (v > max) max = v
  }
  const lastAt = Number.isFinite(l.lastTime) ? l.lastTime : 0
  return { x: l.x.slice(0, l.n), y, min, max, last: l.lastValue, lastAt, rate: l.rate, error: l.error }
}

const none = new Float64Array(0)
const nothing: Newest = {
  x: none,
  y: none,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  last: Number.NaN,
  lastAt: 0,
  rate: 0,
  error: ''
}

export class NewestValues {
  private rows = new Map<number, Newest>()
  private listeners = new Map<number, Set<() => void>>()
  private since = new Map<number, number>() // when a row came into sight, ms
  private asked = new Set<number>()
  private wanted: readonly number[] = []
  private followed = ''
  private client: ChartClient | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private check: ReturnType<typeof setTimeout> | undefined

  constructor(
    private span: number, // microseconds
    private host: NewestHost,
    private turns = new Turns<number>(SHARE_MS, A_FRAME)
  ) {}

  of = (id: number): Newest | undefined => this.rows.get(id)

  listen(id: number, fn: () => void): () => void {
    const mine = this.listeners.get(id) ?? new Set()
    this.listeners.set(id, mine.add(fn))
    return () => {
      mine.delete(fn)
      if (mine.size || this.listeners.get(id) !== mine) return
      this.listeners.delete(id)
      this.turns.drop(id)
    }
  }

  /** The rows that are in sight from now on. */
  see = (ids: readonly number[]): void => {
    this.wanted = ids
    this.timer ??= this.host.after(this.client ? GATHER_MS : 0, this.follow)
  }

  end = (): void => {
    this.host.cancel(this.timer)
    this.host.cancel(this.check)
    this.timer = undefined
    this.client?.close()
    this.client = null
    this.followed = ''
  }

  private follow = (): void => {
    this.timer = undefined
    const ids = [...this.wanted].sort((a, b) => a - b)
    const key = ids.join()
    if (key === this.followed) return
    this.followed = key
    const now = this.host.now()
    this.since = new Map(ids.map(id => [id, this.since.get(id) ?? now]))
    for (const id of this.asked) if (!this.since.has(id)) this.asked.delete(id)
    this.host.cancel(this.check)
    this.check = this.host.after(SILENT_MS, () => {
      for (const id of ids) if (!this.rows.get(id)?.lastAt) this.silent(id)
    })
    const before = this.client
    this.client = ids.length ? this.open(ids) : null
    before?.close() // after the next one is open, so that series in both stay subscribed
    this.forget()
  }

  private open(ids: number[]): ChartClient {
    const client = this.host.open(
      ids.map(id => ({ topic: `series/${id}`, layer: 'raw' })),
      { live: true, span: this.span, from: 0, to: 0, columns: COLUMNS },
      { capacity: POINTS, hz: HZ },
      (_view, lines) => {
        if (!this.host.paused()) for (const [i, id] of ids.entries()) this.take(id, lines[i] as ChartLine)
        client.back(lines)
      }
    )
    return client
  }

  private take(id: number, line: ChartLine): void {
    const old = this.rows.get(id)
    const now = newest(line)
    if (now.lastAt) {
      this.asked.delete(id)
      if (old && old.lastAt === now.lastAt && old.x.length === now.x.length && old.rate === now.rate && old.error === now.error) return
    } else {
      this.silent(id)
      if (old) {
        if (old.error === now.error) return // what was known of it stays
        now.last = old.last
        now.lastAt = old.lastAt
      }
    }
    this.put(id, now)
  }

  private silent(id: number): void {
    if (this.asked.has(id) || this.host.now() - (this.since.get(id) ?? Number.POSITIVE_INFINITY) < SILENT_MS) return
    this.asked.add(id)
    this.host.lastKnown(id).then(
      k => {
        const now = this.rows.get(id) ?? nothing
        if (k && now.lastAt < k.at) this.put(id, { ...now, last: k.last, lastAt: k.at })
      },
      () => {} // the row says that nothing is known; it is asked for again when it comes back into sight
    )
  }

  private put(id: number, now: Newest): void {
    this.rows.delete(id)
    this.rows.set(id, now)
    if (this.listeners.has(id)) this.turns.ask(id, () => this.tell(id))
  }

  private tell(id: number): void {
    for (const fn of this.listeners.get(id) ?? []) fn()
  }

  private forget(): void {
    for (const id of this.rows.keys()) {
      if (this.rows.size <= KEPT + this.since.size) return
      if (!this.since.has(id)) this.rows.delete(id)
    }
  }
}
