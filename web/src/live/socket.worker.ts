/* The page's one connection to the server, off its main thread. */
import { Charts } from './charts'
import { Connection, type SocketLike, type Sub } from './connection'
import type { Frame } from './frame'
import { SUBPROTOCOL } from './protocol'
import type { FromWorker, TopicMessage, ToWorker } from './wire'

/** Events are told to the page this often at most. */
const BATCH_MS = 33

const post = (m: FromWorker, transfer: Transferable[] = []) => self.postMessage(m, { transfer })
let url = ''
let batch: { id: number; m: TopicMessage }[] = []
let waiting = false

function queue(id: number, m: TopicMessage): void {
  batch.push({ id, m })
  if (waiting) return
  waiting = true
  setTimeout(() => {
    waiting = false
    const items = batch
    batch = []
    post({ k: 'batch', items })
  }, BATCH_MS)
}

const conn = new Connection(
  {
    open: () => new WebSocket(url, SUBPROTOCOL) as unknown as SocketLike,
    now: () => Date.now(),
    after: (ms, fn) => self.setTimeout(fn, ms),
    cancel: timer => self.clearTimeout(timer),
    random: () => Math.random()
  },
  {
    status: status => post({ k: 'status', status }),
    message: (sub: Sub, m: TopicMessage) => {
      if (charts.owns(sub)) charts.message(sub, m)
      else queue(sub.id, m)
    },
    frame: (sub: Sub, f: Frame) => {
      if (charts.owns(sub)) charts.frame(sub, f)
    }
  }
)
const charts = new Charts({
  conn,
  now: () => (Date.now() + conn.status().offset) * 1000,
  post,
  after: (ms, fn) => {
    self.setTimeout(fn, ms)
  }
})

function stats(): void {
  const topics = [...conn.list()].map(s => ({
    topic: s.topic,
    frames: s.frames,
    bytes: s.bytes,
    dropped: s.dropped,
    lastAt: charts.lastTime(s)
  }))
  post({ k: 'stats', topics })
}

self.onmessage = (e: MessageEvent<ToWorker>) => {
  const m = e.data
  switch (m.k) {
    case 'start':
      url = m.url
      conn.start()
      break
    case 'stop':
      conn.stop()
      break
    case 'kick':
      conn.kick()
      break
    case 'visible':
      charts.setVisible(m.on)
      if (m.on) conn.kick()
      break
    case 'stats':
      stats()
      break
    case 'sub':
      conn.sub(m.id, m.topic, m.params)
      break
    case 'unsub':
      conn.unsub(m.id)
      break
    case 'chart.open':
      charts.open(m.chart, m.layers, m.view, m.capacity, m.hz)
      break
    case 'chart.view':
      charts.view(m.chart, m.view, m.drawn)
      break
    case 'chart.close':
      charts.close(m.chart)
      break
    case 'chart.back':
      charts.back(m.chart, m.lines)
      break
  }
}
