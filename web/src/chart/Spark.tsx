/* Small pictures in rows: a line of the newest values, a tick for each check. One canvas a picture, drawn only
 * when its data change. */
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { useText } from '@/i18n'
import { value } from './format'
import { chartText } from './i18n'
import { onPalette, palette } from './palette'
import './chart.css'

const usePalette = () => useSyncExternalStore(onPalette, palette)

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

/** NaN breaks the line. */
export function drawSpark(canvas: HTMLCanvasElement, y: ArrayLike<number>, width: number, height: number, color: string): void {
  const g = prepare(canvas, width, height)
  if (!g) return
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < y.length; i++) {
    const v = y[i] as number
    if (v < min) min = v
    if (v > max) max = v
  }
  if (min > max) return
  const w = canvas.width - 2
  const h = canvas.height - 4
  const kx = w / Math.max(1, y.length - 1)
  const ky = max > min ? h / (max - min) : 0
  g.strokeStyle = color
  g.lineWidth = 1
  g.beginPath()
  let pen = false
  for (let i = 0; i < y.length; i++) {
    const v = y[i] as number
    if (Number.isNaN(v)) {
      pen = false
      continue
    }
    const py = ky ? 2 + h - (v - min) * ky : canvas.height / 2
    if (pen) g.lineTo(1 + i * kx, py)
    else {
      g.moveTo(1 + i * kx, py)
      g.lineTo(1.5 + i * kx, py)
    }
    pen = true
  }
  g.stroke()
}

/** The same for points at their times (microseconds) in a window. */
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

/** A sparkline. label says what it shows; its summary is made from the values. */
export function Spark(p: { values: ArrayLike<number>; label?: string; unit?: string; width?: number; height?: number; color?: number }) {
  const { width = 96, height = 24, values } = p
  const ref = useRef<HTMLCanvasElement>(null)
  const colors = usePalette()
  const t = useText(chartText)
  const color = colors.series[(p.color ?? 0) % colors.series.length] as string
  useEffect(() => {
    if (ref.current) drawSpark(ref.current, values, width, height, color)
  }, [values, width, height, color])
  const seen = Array.from(values).filter(v => !Number.isNaN(v))
  const summary = seen.length
    ? `${t.min} ${value(Math.min(...seen), p.unit)}, ${t.max} ${value(Math.max(...seen), p.unit)}, ${t.last} ${value(seen[seen.length - 1] as number, p.unit)}`
    : t.noData
  return <canvas ref={ref} className="nb-spark" role="img" aria-label={`${p.label ?? t.trend}: ${summary}`} style={{ width, height }} />
}

export type Beat = 'ok' | 'warn' | 'err' | 'none'

/** One tick per check, newest at the right: colour and height say how it was, the label says the share that was well. */
export function HeartbeatBar(p: { beats: readonly Beat[]; width?: number; height?: number }) {
  const { width = 180, height = 20, beats } = p
  const ref = useRef<HTMLCanvasElement>(null)
  const colors = usePalette()
  const t = useText(chartText)
  useEffect(() => {
    const canvas = ref.current
    const g = canvas && prepare(canvas, width, height)
    if (!g || !canvas) return
    const tall = { ok: 0.7, warn: 0.85, err: 1, none: 0.3 } as const
    const step = canvas.width / Math.max(1, beats.length)
    beats.forEach((b, i) => {
      const h = canvas.height * tall[b]
      g.fillStyle = colors[b]
      g.fillRect(i * step, canvas.height - h, Math.max(1, step - Math.max(1, devicePixelRatio)), h)
    })
  }, [beats, width, height, colors])
  const known = beats.filter(b => b !== 'none')
  const share = known.length ? `${Math.floor((100 * known.filter(b => b === 'ok').length) / known.length)} %` : '—'
  return <canvas ref={ref} className="nb-spark" role="img" aria-label={t.heartbeat(share)} style={{ width, height }} />
}
