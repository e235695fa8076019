/* Small pictures in rows: a line of the newest values, a tick for each check. Those of a minute's step are paths of
 * SVG, made once for their values and drawn by the browser off the main thread; hundreds of canvases would each be
 * a bitmap. What changes twice a second (drawSeries) is a canvas. */
import { useText } from '@/i18n'
import { value } from './format'
import { chartText } from './i18n'
import { colorVar } from './palette'
import './chart.css'

function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const r = devicePixelRatio || 1
  const w = Math.round(width * r)
  const h = Math.round(height * r)
  if (canvas.width !== w) canvas.width = w
  if (canvas.height !== h) canvas.height = h
  const g = canvas.getContext('2d')
  g?.clearRect(0, 0, w, h)
  return g
}

/** Points at their times (microseconds) in a window; NaN breaks the line. */
export function drawSeries(
  canvas: HTMLCanvasElement,
  line: { x: ArrayLike<number>; y: ArrayLike<number> },
  window: { from: number; to: number },
  look: { width: number; height: number; color: string }
): void {
  const g = prepare(canvas, look.width, look.height)
  if (!g) return
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < line.y.length; i++) {
    const v = line.y[i] as number
    if (v < min) min = v
    if (v > max) max = v
  }
  if (min > max) return
  const kx = canvas.width / (window.to - window.from)
  const h = canvas.height - 4
  const ky = max > min ? h / (max - min) : 0
  g.strokeStyle = look.color
  g.lineWidth = 1
  g.beginPath()
  let pen = false
  for (let i = 0; i < line.y.length; i++) {
    const v = line.y[i] as number
    const x = ((line.x[i] as number) - window.from) * kx
    const y = ky ? 2 + h - (v - min) * ky : canvas.height / 2
    if (Number.isNaN(v)) pen = false
    else if (pen) g.lineTo(x, y)
    else {
      g.moveTo(x - 0.5, y)
      g.lineTo(x + 0.5, y)
      pen = true
    }
  }
  g.stroke()
}

/** The line of values at even distances; NaN breaks it. */
export function sparkPath(y: ArrayLike<number>, width: number, height: number): string {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < y.length; i++) {
    const v = y[i] as number
    if (v < min) min = v
    if (v > max) max = v
  }
  const kx = (width - 2) / Math.max(1, y.length - 1)
  const h = height - 4
  const ky = max > min ? h / (max - min) : 0
  let d = ''
  let pen = false
  for (let i = 0; i < y.length; i++) {
    const v = y[i] as number
    if (Number.isNaN(v)) {
      pen = false
      continue
    }
    const at = `${round(1 + i * kx)} ${round(ky ? 2 + h - (v - min) * ky : height / 2)}`
    d += pen ? `L${at}` : `M${at}h.5`
    pen = true
  }
  return d
}

const round = (x: number): number => Math.round(x * 10) / 10

/* What is made of an array that never changes, made once: rows come and go while one scrolls. */
function once<K extends object, T>(make: (of: K, how: string) => T): (of: K, how: string) => T {
  const made = new WeakMap<K, { how: string; got: T }>()
  return (of, how) => {
    const old = made.get(of)
    if (old?.how === how) return old.got
    const got = make(of, how)
    made.set(of, { how, got })
    return got
  }
}

const pathOnce = once((y: ArrayLike<number>, size: string) => {
  const [width = 0, height = 0] = size.split(' ').map(Number)
  return sparkPath(y, width, height)
})

type Texts = typeof chartText.en
const summaryOnce = once((values: ArrayLike<number>, _: string) => {
  const seen = Array.from(values).filter(v => !Number.isNaN(v))
  return seen.length ? { min: Math.min(...seen), max: Math.max(...seen), last: seen[seen.length - 1] as number } : null
})
function summary(values: ArrayLike<number>, unit: string | undefined, t: Texts): string {
  const s = summaryOnce(values, '')
  return s ? `${t.min} ${value(s.min, unit)}, ${t.max} ${value(s.max, unit)}, ${t.last} ${value(s.last, unit)}` : t.noData
}

/** A sparkline of values that are not changed any more. label says what it shows; its summary is made from the values. */
export function Spark(p: { values: ArrayLike<number>; label?: string; unit?: string; width?: number; height?: number; color?: number }) {
  const { width = 96, height = 24, values } = p
  const t = useText(chartText)
  return (
    <svg
      className="nb-spark"
      role="img"
      aria-label={`${p.label ?? t.trend}: ${summary(values, p.unit, t)}`}
      width={width}
      height={height}
      style={{ stroke: colorVar(p.color ?? 0) }}
    >
      <path d={pathOnce(values, `${width} ${height}`)} fill="none" />
    </svg>
  )
}

export type Beat = 'ok' | 'warn' | 'err' | 'none'
const tall: Record<Beat, number> = { ok: 0.7, warn: 0.85, err: 1, none: 0.3 }

/** One path of bars for each kind that occurs. */
export function beatPaths(beats: readonly Beat[], width: number, height: number): [Beat, string][] {
  const step = width / Math.max(1, beats.length)
  const w = round(Math.max(1, step - 1))
  const paths = new Map<Beat, string>()
  beats.forEach((b, i) => {
    const h = round(height * tall[b])
    paths.set(b, `${paths.get(b) ?? ''}M${round(i * step)} ${height}v${-h}h${w}v${h}z`)
  })
  return [...paths]
}

const beatsOnce = once((beats: readonly Beat[], size: string) => {
  const [width = 0, height = 0] = size.split(' ').map(Number)
  const known = beats.filter(b => b !== 'none')
  const share = known.length ? `${Math.floor((100 * known.filter(b => b === 'ok').length) / known.length)} %` : '—'
  return { paths: beatPaths(beats, width, height), share }
})

/** One tick per check, newest at the right: colour and height say how it was, the label says the share that was well. */
export function HeartbeatBar(p: { beats: readonly Beat[]; width?: number; height?: number }) {
  const { width = 180, height = 20, beats } = p
  const t = useText(chartText)
  const { paths, share } = beatsOnce(beats, `${width} ${height}`)
  return (
    <svg className="nb-beats" role="img" aria-label={t.heartbeat(share)} width={width} height={height}>
      {paths.map(([kind, d]) => (
        <path key={kind} className={kind} d={d} />
      ))}
    </svg>
  )
}
