/* One WebSocket to the server's live channel: subscribes, resumes after a break where it stopped, acknowledges,
 * never gives up. Knows nothing of pages; runs in the worker, and in tests with a made-up socket and clock. */
import { ServerClock } from './clock'
import { decodeFrames, type Frame } from './frame'
import { ACK_BYTES, ACK_FRAMES, backoff, type Incoming, type Outgoing, parseIncoming, type SubParams } from './protocol'

export interface SocketLike {
  binaryType: string
  onopen: (() => void) | null
  onclose: ((e: { code: number }) => void) | null
  onmessage: ((e: { data: unknown }) => void) | null
  send(data: string): void
  close(): void
}
export interface Env {
  open(): SocketLike
  now(): number // ms since 1970
  after(ms: number, fn: () => void): number
  cancel(timer: number): void
  random(): number
}

export interface Status {
  state: 'connecting' | 'live' | 'reconnecting' | 'offline'
  /** When the connection was lost (ms, local clock), 0 while it is there. */
  since: number
  /** When the next try is made (ms, local clock). */
  nextAt: number
  lag: number // ms
  offset: number // ms to add to the local clock
  build: string
  /** Tries that ended before the server said hello, one after another: perhaps the session is over. */
  refused: number
  /** The server has said that the session is over: somebody must sign in again. */
  ended: boolean
}

export interface Sub {
  id: number
  topic: string
  params: SubParams
  chan: number // 0: not confirmed
  epoch: string | number | null
  seq: number
  paused: boolean
  unackedFrames: number
  unackedBytes: number
  /** Totals since the page was opened, for the pill. */
  frames: number
  bytes: number
  dropped: number
}

export interface Sink {
  status(s: Status): void
  message(sub: Sub, m: Exclude<Incoming, { op: 'hello' | 'hb' }>): void
  frame(sub: Sub, f: Frame): void
}

/** The server's heart beats every 2 s; silence of this long means that the connection is gone. */
export const SILENCE_MS = 7000
/** A break this long is called offline. */
export const OFFLINE_MS = 10_000
/** Close code of a socket whose session or token is over. */
export const CLOSE_SESSION_OVER = 4401
const KEEP = { chan: 0, unackedFrames: 0, unackedBytes: 0 }

export class Connection {
  private socket: SocketLike | null = null
  private subs = new Map<number, Sub>()
  private byChan = new Map<number, Sub>()
  private clock = new ServerClock()
  private attempt = 0
  private timer = 0
  private watch = 0
  private heardAt = 0
  private closed = false
  private st: Status = { state: 'connecting', since: 0, nextAt: 0, lag: 0, offset: 0, build: '', refused: 0, ended: false }

  constructor(
    private env: Env,
    private sink: Sink
  ) {}

  start(): void {
    this.connect()
  }

  /** Ends it for good (sign-out). */
  stop(): void {
    this.closed = true
    this.env.cancel(this.timer)
    this.env.cancel(this.watch)
    this.drop()
  }

  status(): Status {
    return this.st
  }

  list(): Iterable<Sub> {
    return this.subs.values()
  }

  sub(id: number, topic: string, params: SubParams, paused = false): void {
    const s: Sub = { id, topic, params, epoch: null, seq: 0, paused, frames: 0, bytes: 0, dropped: 0, ...KEEP }
    this.subs.set(id, s)
    if (this.st.state === 'live') this.ask(s)
  }

  unsub(id: number): void {
    const s = this.subs.get(id)
    if (!s) return
    this.subs.delete(id)
    if (s.chan) {
      this.byChan.delete(s.chan)
      this.send({ op: 'unsub', chan: s.chan })
    }
  }

  /** Stops or continues the sending of one channel; the server keeps what it may and marks what it dropped. */
  pause(id: number, paused: boolean): void {
    const s = this.subs.get(id)
    if (!s || s.paused === paused) return
    s.paused = paused
    if (s.chan) this.send({ op: paused ? 'pause' : 'resume', chan: s.chan })
  }

  /** The network is back or the page is looked at: do not wait for the timer. */
  kick(): void {
    if (!this.socket && !this.closed) {
      this.env.cancel(this.timer)
      this.connect()
    }
  }

  private set(change: Partial<Status>): void {
    this.st = { ...this.st, ...change }
    this.sink.status(this.st)
  }

  private send(m: Outgoing): void {
    if (this.socket && this.st.state === 'live') this.socket.send(JSON.stringify(m))
  }

  private ask(s: Sub): void {
    const from = s.epoch === null ? {} : { from: { epoch: s.epoch, seq: s.seq } }
    this.send({ op: 'sub', id: s.id, topic: s.topic, ...from, ...s.params })
  }

  private connect(): void {
    const socket = this.env.open()
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    let opened = false
    socket.onopen = () => {
      opened = true
      this.heardAt = this.env.now()
      this.attempt = 0
      this.clock.reset()
      this.set({ state: 'live', since: 0, nextAt: 0, refused: 0, ended: false })
      for (const s of this.subs.values()) this.ask(s)
      this.guard()
    }
    socket.onclose = e => {
      if (socket === this.socket) this.lost(opened, e.code === CLOSE_SESSION_OVER)
    }
    socket.onmessage = e => {
      if (socket === this.socket) this.heard(e.data)
    }
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onclose = socket.onmessage = null
    socket.close()
  }

  private lost(opened: boolean, ended = false): void {
    this.socket = null
    this.env.cancel(this.watch)
    this.byChan.clear()
    for (const s of this.subs.values()) Object.assign(s, KEEP)
    if (this.closed) return
    const now = this.env.now()
    const wait = backoff(this.attempt++, this.env.random()) * 1000
    const since = this.st.since || now
    this.set({
      state: now - since >= OFFLINE_MS ? 'offline' : 'reconnecting',
      since,
      nextAt: now + wait,
      refused: opened ? 0 : this.st.refused + 1,
      ended
    })
    if (ended) return // a new session makes a new connection
    this.timer = this.env.after(wait, () => this.connect())
  }

  private guard(): void {
    this.watch = this.env.after(1000, () => {
      const silent = this.env.now() - this.heardAt
      if (silent > SILENCE_MS) {
        this.drop()
        this.lost(true)
        return
      }
      if (silent > 3000) this.set({ lag: silent - 2000 })
      this.guard()
    })
  }

  private heard(data: unknown): void {
    this.heardAt = this.env.now()
    if (typeof data === 'string') {
      const m = parseIncoming(data)
      if (m) this.control(m, data.length)
      return
    }
    let frames: Frame[]
    try {
      frames = decodeFrames(data as ArrayBuffer)
    } catch {
      // The stream cannot be trusted any more: begin a new connection and resume.
      this.drop()
      this.lost(true)
      return
    }
    for (const f of frames) this.frame(f)
  }

  private control(m: Incoming, bytes: number): void {
    if (m.op === 'hello' && m.build) this.set({ build: m.build })
    if (m.op === 'hb' || m.op === 'hello') {
      const lag = this.clock.heard(m.t / 1000, this.env.now())
      this.set({ lag, offset: this.clock.offset })
    } else if (m.op === 'sub.ok') {
      this.confirmed(m)
    } else {
      this.routed(m, bytes)
    }
  }

  private confirmed(m: Extract<Incoming, { op: 'sub.ok' }>): void {
    const s = this.subs.get(m.id)
    if (!s) {
      this.send({ op: 'unsub', chan: m.chan }) // given up meanwhile
      return
    }
    const fresh = s.epoch !== m.epoch
    Object.assign(s, KEEP, { chan: m.chan, epoch: m.epoch })
    if (fresh) s.seq = m.seq ?? 0
    this.byChan.set(m.chan, s)
    this.sink.message(s, m)
    if (s.paused) this.send({ op: 'pause', chan: s.chan })
  }

  private routed(m: Exclude<Incoming, { op: 'hello' | 'hb' | 'sub.ok' }>, bytes: number): void {
    const s = m.chan ? this.byChan.get(m.chan) : m.op === 'err' && m.id ? this.subs.get(m.id) : undefined
    if (!s) return
    if (m.op === 'evt') this.account(s, m.seq, bytes)
    if (m.op === 'gap') s.dropped += m.dropped ?? 0
    if (m.op === 'resync') {
      s.seq = m.seq ?? 0
      if (m.epoch !== undefined) s.epoch = m.epoch
    }
    if (m.op === 'err' && s.chan) {
      this.byChan.delete(s.chan) // the right was taken away
      s.chan = 0
    }
    this.sink.message(s, m)
  }

  private frame(f: Frame): void {
    const s = this.byChan.get(f.chan)
    if (!s) return
    this.account(
      s,
      f.seq,
      f.columns.reduce((n, c) => n + c.byteLength, 40)
    )
    this.sink.frame(s, f)
  }

  private account(s: Sub, seq: number, bytes: number): void {
    s.seq = seq
    s.frames++
    s.bytes += bytes
    s.unackedFrames++
    s.unackedBytes += bytes
    if (s.unackedFrames < ACK_FRAMES && s.unackedBytes < ACK_BYTES) return
    s.unackedFrames = s.unackedBytes = 0
    this.send({ op: 'ack', chan: s.chan, seq })
  }
}
