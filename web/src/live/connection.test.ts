import { beforeEach, describe, expect, test } from 'vitest'
import { ServerClock } from './clock'
import { Connection, type SocketLike, type Status, type Sub } from './connection'
import { encodeFrame, type Frame, Kind } from './frame'
import { ACK_FRAMES, backoff, parseIncoming } from './protocol'
import { next, type TopicState } from './store'

class FakeSocket implements SocketLike {
  binaryType = ''
  onopen: (() => void) | null = null
  onclose: ((e: { code: number }) => void) | null = null
  onmessage: ((e: { data: unknown }) => void) | null = null
  sent: Record<string, unknown>[] = []
  closed = false
  send(data: string) {
    this.sent.push(JSON.parse(data))
  }
  close() {
    this.closed = true
  }
  says(m: object | ArrayBuffer) {
    this.onmessage?.({ data: m instanceof ArrayBuffer ? m : JSON.stringify(m) })
  }
}

let sockets: FakeSocket[]
let timers: { at: number; fn: () => void; id: number }[]
let now: number
let statuses: Status[]
let messages: [string, string][]
let frames: number[]
let conn: Connection

const socket = () => sockets[sockets.length - 1] as FakeSocket
function pass(ms: number) {
  const until = now + ms
  for (;;) {
    timers.sort((a, b) => a.at - b.at)
    const t = timers[0]
    if (!t || t.at > until) break
    timers.shift()
    now = t.at
    t.fn()
  }
  now = until
}
const frame = (chan: number, seq: number): ArrayBuffer => {
  const f: Frame = { kind: Kind.append, flags: 1, chan, seq, rows: 2, t0: 0, dt: 1, columns: [new Float32Array([1, 2])] }
  return encodeFrame(f)
}

beforeEach(() => {
  sockets = []
  timers = []
  now = 1_000_000
  statuses = []
  messages = []
  frames = []
  let id = 0
  conn = new Connection(
    {
      open: () => {
        sockets.push(new FakeSocket())
        return socket()
      },
      now: () => now,
      after: (ms, fn) => {
        timers.push({ at: now + ms, fn, id: ++id })
        return id
      },
      cancel: t => {
        timers = timers.filter(x => x.id !== t)
      },
      random: () => 1
    },
    {
      status: s => statuses.push(s),
      message: (s: Sub, m) => messages.push([s.topic, m.op]),
      frame: (_s, f) => frames.push(f.seq)
    }
  )
  conn.start()
})

describe('connection', () => {
  test('subscribes when it opens, resumes by epoch and sequence after a break', () => {
    conn.sub(1, 'unit/7/state', {})
    expect(socket().sent).toEqual([])
    socket().onopen?.()
    expect(socket().sent).toEqual([{ op: 'sub', id: 1, topic: 'unit/7/state' }])
    socket().says({ op: 'sub.ok', id: 1, chan: 5, epoch: 'e1', seq: 10 })
    socket().says({ op: 'evt', chan: 5, seq: 11, data: 1 })
    expect(messages).toEqual([
      ['unit/7/state', 'sub.ok'],
      ['unit/7/state', 'evt']
    ])
    socket().onclose?.({ code: 1006 })
    expect(conn.status().state).toBe('reconnecting')
    pass(300)
    expect(sockets).toHaveLength(2)
    socket().onopen?.()
    expect(socket().sent).toEqual([{ op: 'sub', id: 1, topic: 'unit/7/state', from: { epoch: 'e1', seq: 11 } }])
  })

  test('waits 0.25 s doubled up to 10 s, is offline after 10 s, never gives up, and a kick does not wait', () => {
    socket().onclose?.({ code: 1006 })
    const waits: number[] = []
    for (let i = 0; i < 12; i++) {
      const at = now
      const n = sockets.length
      while (sockets.length === n) pass(10)
      waits.push(Math.round((now - at) / 10) * 10)
      socket().onclose?.({ code: 1006 })
    }
    expect(waits.slice(0, 7)).toEqual([250, 500, 1000, 2000, 4000, 8000, 10000])
    expect(waits[11]).toBe(10000)
    expect(conn.status().state).toBe('offline')
    expect(conn.status().refused).toBe(13)
    const n = sockets.length
    conn.kick()
    expect(sockets).toHaveLength(n + 1)
    socket().onopen?.()
    expect(conn.status()).toMatchObject({ state: 'live', since: 0, refused: 0 })
  })

  test('acknowledges well before the credit is used up', () => {
    conn.sub(1, 'series/1', {})
    socket().onopen?.()
    socket().says({ op: 'sub.ok', id: 1, chan: 3, epoch: 1 })
    for (let i = 1; i <= ACK_FRAMES * 2 + 3; i++) socket().says(frame(3, i))
    expect(frames).toHaveLength(ACK_FRAMES * 2 + 3)
    expect(socket().sent.filter(m => m.op === 'ack')).toEqual([
      { op: 'ack', chan: 3, seq: ACK_FRAMES },
      { op: 'ack', chan: 3, seq: ACK_FRAMES * 2 }
    ])
  })

  test('silence of the server ends the connection', () => {
    socket().onopen?.()
    pass(2000)
    socket().says({ op: 'hb', t: now * 1000 })
    pass(6500)
    expect(conn.status().state).toBe('live')
    expect(conn.status().lag).toBeGreaterThan(2000)
    pass(2000)
    expect(sockets.length).toBeGreaterThan(1)
    expect(sockets[0]?.closed).toBe(true)
  })

  test('a broken frame ends the connection, and it resumes', () => {
    conn.sub(1, 'series/1', {})
    socket().onopen?.()
    socket().says({ op: 'sub.ok', id: 1, chan: 3, epoch: 1, seq: 4 })
    socket().says(new Uint8Array([9, 9, 9]).buffer)
    expect(sockets[0]?.closed).toBe(true)
    pass(300)
    socket().onopen?.()
    expect(socket().sent[0]).toMatchObject({ from: { epoch: 1, seq: 4 } })
  })

  test('given up before it was confirmed: the channel is closed', () => {
    conn.sub(1, 'a', {})
    socket().onopen?.()
    conn.unsub(1)
    socket().says({ op: 'sub.ok', id: 1, chan: 3, epoch: 1 })
    expect(socket().sent.at(-1)).toEqual({ op: 'unsub', chan: 3 })
  })

  test('pause before and after the confirmation', () => {
    conn.sub(1, 'a', {}, true)
    socket().onopen?.()
    socket().says({ op: 'sub.ok', id: 1, chan: 3, epoch: 1 })
    conn.pause(1, false)
    conn.pause(1, false)
    expect(socket().sent.slice(1)).toEqual([
      { op: 'pause', chan: 3 },
      { op: 'resume', chan: 3 }
    ])
  })

  test('a session that is over is told, and not tried again', () => {
    socket().onopen?.()
    socket().onclose?.({ code: 4401 })
    expect(conn.status().ended).toBe(true)
    pass(60_000)
    expect(sockets).toHaveLength(1)
  })

  test('a new epoch begins anew; an error of a channel is told', () => {
    conn.sub(1, 'a', {})
    socket().onopen?.()
    socket().says({ op: 'sub.ok', id: 1, chan: 3, epoch: 1, seq: 50 })
    socket().says({ op: 'resync', chan: 3, epoch: 2, seq: 1 })
    socket().says({ op: 'err', chan: 3, code: 'forbidden' })
    expect(messages.map(m => m[1])).toEqual(['sub.ok', 'resync', 'err'])
    expect([...conn.list()][0]).toMatchObject({ epoch: 2, seq: 1, chan: 0 })
  })
})

describe('protocol', () => {
  test('what is not a message of ours is null', () => {
    for (const bad of ['', '1', 'null', '[]', '{}', '{"op":"x"}', '{"op":"toString"}', '{"op":"evt","chan":1}', '{"op":"hb","t":"1"}'])
      expect(parseIncoming(bad)).toBeNull()
    expect(parseIncoming('{"op":"hb","t":1}')).toEqual({ op: 'hb', t: 1 })
  })
  test('jitter keeps at least half', () => {
    expect(backoff(0, 0)).toBe(0.125)
    expect(backoff(99, 1)).toBe(10)
  })
})

describe('clock', () => {
  test('the fastest message of a minute counts', () => {
    const c = new ServerClock()
    expect(c.heard(10_000, 5_000)).toBe(0)
    expect(c.heard(12_000, 7_400)).toBe(400)
    expect(c.offset).toBe(5000)
    expect(c.heard(112_000, 107_400)).toBe(0)
    expect(c.offset).toBe(4600)
  })
})

describe('topic state', () => {
  const none: TopicState = {
    phase: 'wait',
    error: '',
    snapshot: undefined,
    last: undefined,
    byKey: new Map(),
    events: [],
    version: 0,
    dropped: 0
  }
  test('latest by key, bounded history, gap', () => {
    let s = next(none, { op: 'sub.ok', id: 1, chan: 1, epoch: 1 })
    expect(s.phase).toBe('live')
    for (let i = 0; i < 500; i++) s = next(s, { op: 'evt', chan: 1, seq: i, key: `k${i % 3}`, data: i })
    expect([...s.byKey.entries()]).toEqual([
      ['k0', 498],
      ['k1', 499],
      ['k2', 497]
    ])
    expect(s.events).toHaveLength(200)
    expect(s.last).toBe(499)
    s = next(s, { op: 'gap', chan: 1, dropped: 9 })
    expect(s.dropped).toBe(9)
    expect(none.byKey.size).toBe(0)
  })
})
