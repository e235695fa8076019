/* What the page and its worker say to each other. */
import type { Calibration } from '@/chart/engine/calibrate'
import type { Status } from './connection'
import type { Incoming, SubParams } from './protocol'

export interface ChartView {
  /** live: the newest `span`; else [from, to). Microseconds. */
  live: boolean
  span: number
  from: number
  to: number
  columns: number // device pixels
}
export interface ChartLayer {
  topic: string
  layer: 'raw' | 'physical'
}
export interface TopicStats {
  topic: string
  frames: number
  bytes: number
  dropped: number
  lastAt: number // microseconds, 0: none
}

export type TopicMessage = Exclude<Incoming, { op: 'hello' | 'hb' }>

export type ToWorker =
  | { k: 'start'; url: string }
  | { k: 'stop' }
  | { k: 'kick' }
  | { k: 'visible'; on: boolean }
  | { k: 'stats' }
  | { k: 'sub'; id: number; topic: string; params: SubParams }
  | { k: 'unsub'; id: number }
  | { k: 'chart.open'; chart: number; layers: ChartLayer[]; view: ChartView; capacity: number; hz: number }
  | { k: 'chart.view'; chart: number; view: ChartView; drawn: boolean }
  | { k: 'chart.close'; chart: number }
  | { k: 'chart.back'; chart: number; lines: ChartLine[] }

/** One layer of a chart, thinned: only the first n of x (microseconds) and y are meant. */
export interface ChartLine {
  x: Float64Array
  y: Float64Array
  n: number
  /** Time of the oldest point that the worker holds; what is before must come from the server's history. */
  start: number
  lastTime: number // microseconds, -Infinity: none
  lastValue: number
  total: number // points ever received
  rate: number // points a second, of the newest
  calibration: Calibration | null
  error: string // code, '' none
}

export type FromWorker =
  | { k: 'status'; status: Status }
  | { k: 'batch'; items: { id: number; m: TopicMessage }[] }
  | { k: 'stats'; topics: TopicStats[] }
  | { k: 'chart'; chart: number; view: ChartView; lines: ChartLine[] }
