/* The page's side of the live channel: what topics say, who listens, how the connection is. One for the page. */
import type { Status } from './connection'
import type { SubParams } from './protocol'
import type { ChartLayer, ChartLine, ChartView, FromWorker, TopicMessage, TopicStats, ToWorker } from './wire'

/** Events kept for a topic that is shown. */
const KEPT = 200
/** A topic that nobody shows any more stays this long: pages that follow one another often want the same. */
const LINGER_MS = 3000

export interface TopicState<T = unknown> {
  phase: 'wait' | 'live' | 'error'
  error: string // code of the problem
  /** Present state that the server sent first. */
  snapshot: T | undefined
  /** Newest event; newest event of each key. */
  last: T | undefined
  byKey: ReadonlyMap<string, T>
  /** Newest events, oldest first. */
  events: readonly T[]
  /** Rises with every change. */
  version: number
  dropped: number
}
const nothing: TopicState = {
  phase: 'wait',
  error: '',
  snapshot: undefined,
  last: undefined,
  byKey: new Map(),
  events: [],
  version: 0,
  dropped: 0
}

export interface TopicEvent<T = unknown> {
  kind: 'event' | 'gap' | 'snapshot' | 'resync'
  seq: number
  key: string
  data: T | undefined
  dropped: number
}
type EventListener = (e: TopicEvent) => void
type BatchListener = (events: TopicEvent[]) => void

export interface TopicListener {
  render?: () => void
  phase?: () => void
  event?: EventListener
  batch?: BatchListener
}

interface Topic {
  id: number
  name: string
  state: TopicState
  renders: Set<() => void>
  phases: Set<() => void>
  events: Set<EventListener>
  batches: Set<BatchListener>
  users: number
  params: SubParams
  timer: ReturnType<typeof setTimeout> | undefined
}
type ChartSink = (view: ChartView, lines: ChartLine[]) => void
interface OpenChart {
  open: Extract<ToWorker, { k: 'chart.open' }>
  fn: ChartSink
}
export interface ChartClient {
  view(view: ChartView, drawn: boolean): void
  back(lines: ChartLine[]): void
  close(): void
}

export interface WorkerLike {
  postMessage(m: ToWorker, transfer?: Transferable[]): void
  onmessage: ((e: MessageEvent<FromWorker>) => void) | null
  terminate(): void
}

export class LiveStore {
  private worker: WorkerLike | null = null
  private topics = new Map<string, Topic>()
  private byId = new Map<number, Topic>()
  private charts = new Map<number, OpenChart>()
  private nextId = 1
  private statusListeners = new Set<() => void>()
  private statsListeners = new Set<(t: TopicStats[]) => void>()
  private st: Status = { state: 'connecting', since: 0, nextAt: 0, lag: 0, offset: 0, build: '', refused: 0, ended: false }
  private frozen = false

  constructor(
    private make: () => WorkerLike,
    private url: () => string
  ) {}

  /** Begins to connect; called when somebody is signed in. */
  start(): void {
    if (this.worker) return
    const w = this.make()
    this.worker = w
    w.onmessage = e => this.heard(e.data)
    w.postMessage({ k: 'start', url: this.url() })
    for (const t of this.topics.values()) w.postMessage({ k: 'sub', id: t.id, topic: t.name, params: t.params })
    for (const c of this.charts.values()) w.postMessage(c.open)
  }

  /** Ends the connection; called at sign-out. */
  stop(): void {
    this.worker?.postMessage({ k: 'stop' })
    this.worker?.terminate()
    this.worker = null
    this.set({ ...this.st, state: 'connecting', since: 0, refused: 0, ended: false })
  }

  visible(on: boolean): void {
    this.worker?.postMessage({ k: 'visible', on })
  }

  kick(): void {
    this.worker?.postMessage({ k: 'kick' })
  }

  get status(): Status {
    return this.st
  }

  /** The server's clock, milliseconds since 1970; goes on evenly between heartbeats. at: a moment of performance.now(). */
  now(at = performance.now()): number {
    return performance.timeOrigin + at + this.st.offset
  }

  onStatus = (fn: () => void) => {
    this.statusListeners.add(fn)
    return () => this.statusListeners.delete(fn)
  }

  /** The person's pause: charts and lists stand still, what comes is kept. */
  get paused(): boolean {
    return this.frozen
  }
  setPaused(on: boolean): void {
    this.frozen = on
    for (const fn of this.statusListeners) fn()
  }

  /** Totals of every topic; ask and wait. */
  stats(fn: (t: TopicStats[]) => void): void {
    if (!this.worker) {
      fn([])
      return
    }
    this.statsListeners.add(fn)
    this.worker.postMessage({ k: 'stats' })
  }

  topicState(name: string): TopicState {
    return this.topics.get(name)?.state ?? nothing
  }

  /** Listens to a topic until the returned function is called. render: state has changed; phase: only whether it is
   * followed; event: each event; batch: those that came together, for topics of hundreds a second. */
  listen(name: string, on: TopicListener, params: SubParams = {}): () => void {
    const t = this.topic(name, params)
    t.users++
    clearTimeout(t.timer)
    if (on.render) t.renders.add(on.render)
    if (on.phase) t.phases.add(on.phase)
    if (on.event) t.events.add(on.event)
    if (on.batch) t.batches.add(on.batch)
    let over = false
    return () => {
      if (over) return
      over = true
      if (on.render) t.renders.delete(on.render)
      if (on.phase) t.phases.delete(on.phase)
      if (on.event) t.events.delete(on.event)
      if (on.batch) t.batches.delete(on.batch)
      if (--t.users === 0) t.timer = setTimeout(() => this.forget(t), LINGER_MS)
    }
  }

  private topic(name: string, params: SubParams): Topic {
    const old = this.topics.get(name)
    if (old) return old
    const t: Topic = {
      id: this.nextId++,
      name,
      state: nothing,
      renders: new Set(),
      phases: new Set(),
      events: new Set(),
      batches: new Set(),
      users: 0,
      params,
      timer: undefined
    }
    this.topics.set(name, t)
    this.byId.set(t.id, t)
    this.worker?.postMessage({ k: 'sub', id: t.id, topic: name, params })
    return t
  }

  private forget(t: Topic): void {
    if (t.users) return
    this.topics.delete(t.name)
    this.byId.delete(t.id)
    this.worker?.postMessage({ k: 'unsub', id: t.id })
  }

  /** A chart in the worker: fn gets thinned lines whenever there are new ones, and gives them back after use. */
  openChart(layers: ChartLayer[], view: ChartView, o: { capacity: number; hz?: number }, fn: ChartSink): ChartClient {
    const id = this.nextId++
    const open: OpenChart['open'] = { k: 'chart.open', chart: id, layers, view, capacity: o.capacity, hz: o.hz ?? 30 }
    this.charts.set(id, { open, fn })
    const send = (m: ToWorker, transfer?: Transferable[]) => this.worker?.postMessage(m, transfer)
    send(open)
    return {
      view: (v, drawn) => {
        open.view = v
        send({ k: 'chart.view', chart: id, view: v, drawn })
      },
      back: lines =>
        send(
          { k: 'chart.back', chart: id, lines },
          lines.flatMap(l => [l.x.buffer, l.y.buffer] as Transferable[])
        ),
      close: () => {
        this.charts.delete(id)
        send({ k: 'chart.close', chart: id })
      }
    }
  }

  private set(s: Status): void {
    this.st = s
    for (const fn of this.statusListeners) fn()
  }

  private heard(m: FromWorker): void {
    if (m.k === 'status') this.set(m.status)
    else if (m.k === 'chart') this.charts.get(m.chart)?.fn(m.view, m.lines)
    else if (m.k === 'batch') this.batch(m.items)
    else {
      const fns = [...this.statsListeners]
      this.statsListeners.clear()
      for (const fn of fns) fn(m.topics)
    }
  }

  private batch(items: { id: number; m: TopicMessage }[]): void {
    const touched = new Map<Topic, { phase: TopicState['phase']; events: TopicEvent[] }>()
    for (const { id, m } of items) {
      const t = this.byId.get(id)
      if (!t) continue
      const seen = touched.get(t) ?? { phase: t.state.phase, events: [] }
      touched.set(t, seen)
      // What nobody shows is not kept either: a list of thousands of rows takes its events as they come.
      if (m.op !== 'evt' || t.renders.size) t.state = next(t.state, m)
      const e = event(m)
      if (!e) continue
      seen.events.push(e)
      for (const fn of t.events) fn(e)
    }
    for (const [t, { phase, events }] of touched) {
      if (t.state.phase !== phase) for (const fn of t.phases) fn()
      if (events.length) for (const fn of t.batches) fn(events)
      for (const fn of t.renders) fn()
    }
  }
}

function event(m: TopicMessage): TopicEvent | null {
  const base = { seq: 0, key: '', data: undefined, dropped: 0 }
  if (m.op === 'evt') return { ...base, kind: 'event', seq: m.seq, key: m.key ?? '', data: m.data }
  if (m.op === 'snap') return { ...base, kind: 'snapshot', data: m.data }
  if (m.op === 'gap') return { ...base, kind: 'gap', dropped: m.dropped ?? 0 }
  if (m.op === 'resync') return { ...base, kind: 'resync' }
  return null
}

/** The state of a topic after a message; the old one stays as it was. */
export function next(s: TopicState, m: TopicMessage): TopicState {
  const version = s.version + 1
  switch (m.op) {
    case 'sub.ok':
      return { ...s, version, phase: 'live', error: '' }
    case 'err':
      return { ...s, version, phase: 'error', error: m.code }
    case 'snap':
      return { ...s, version, snapshot: m.data }
    case 'gap':
      return { ...s, version, dropped: s.dropped + (m.dropped ?? 0) }
    case 'resync':
      return { ...s, version, byKey: new Map(), events: [] }
    case 'evt': {
      const events = [...(s.events.length >= KEPT ? s.events.slice(1 - KEPT) : s.events), m.data]
      const byKey = m.key === undefined || m.key === null ? s.byKey : new Map(s.byKey).set(m.key, m.data)
      return { ...s, version, last: m.data, events, byKey }
    }
  }
}

const address = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`

export const live = new LiveStore(
  () => new Worker(new URL('./socket.worker.ts', import.meta.url), { type: 'module' }) as unknown as WorkerLike,
  address
)
