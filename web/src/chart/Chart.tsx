/* A chart of several series: live or standing still, with legend, tools for those who do not drag, and a table for
 * those who do not see. Drawing is in plot.ts, outside of React. */
import { ChevronLeft, ChevronRight, Lock, Table2, ZoomIn, ZoomOut } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useText } from '@/i18n'
import { num } from '@/i18n/format'
import { live } from '@/live/store'
import 'uplot/dist/uPlot.min.css'
import './chart.css'
import { moment, value } from './format'
import type { Aggregate } from './history'
import { chartText } from './i18n'
import { colorVar, dashes, letterOf, SERIES_COLORS } from './palette'
import { type Layer, Plot, type PlotSeries, type TrackState } from './plot'
import { pan, type TimeView, zoom } from './time'

export interface ChartSeries {
  id: number | string
  label: string
  unit?: string
  /** Live topic; absent: series/{id}. */
  topic?: string
  /** Index into the palette; absent: its place in the list. */
  color?: number
}
export interface ChartProps {
  series: readonly ChartSeries[]
  view: TimeView
  onView(view: TimeView): void
  title?: ReactNode
  height?: number
  /** Charts of one group share the cursor. */
  group?: string
  aggregate?: Aggregate
  layer?: Layer
  /** Points kept of each series. */
  capacity?: number
  /** Where "Back to live" goes, microseconds. */
  liveSpan?: number
}

export const DEFAULT_CAPACITY = 40_000

function withDefaults(s: ChartSeries, i: number): PlotSeries {
  return { id: s.id, label: s.label, unit: s.unit ?? '', topic: s.topic ?? `series/${s.id}`, color: s.color ?? i }
}

export function Swatch({ color }: { color: number }) {
  return (
    <svg className="nb-swatch" viewBox="0 0 22 12" aria-hidden="true">
      <path d="M0 6H22" style={{ stroke: colorVar(color) }} strokeWidth="2.5" strokeDasharray={dashes[color % SERIES_COLORS]?.join(' ')} />
    </svg>
  )
}

export function Chart(p: ChartProps) {
  const { height = 260, group = 'page', aggregate = 'auto', layer = 'raw', capacity = DEFAULT_CAPACITY } = p
  const t = useText(chartText)
  const root = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | null>(null)
  const latest = useRef(p)
  latest.current = p
  const [states, setStates] = useState<TrackState[]>([])
  const [waiting, setWaiting] = useState(0)
  const [cursor, setCursor] = useState<number | null>(null)
  const [locked, setLocked] = useState(false)
  const [table, setTable] = useState(false)
  const [shownLayer, setLayer] = useState<Layer>(layer)
  const id = useId()
  const key = JSON.stringify(p.series)
  const series = useMemo(() => (JSON.parse(key) as ChartSeries[]).map(withDefaults), [key])

  useEffect(() => {
    if (!root.current) return
    const read = () => {
      if (!plot.current) return
      setStates(plot.current.state())
      setWaiting(plot.current.waiting())
    }
    const made = new Plot(root.current, {
      height,
      group,
      capacity,
      onSelect: (from, to) => latest.current.onView({ live: false, from, to }),
      onCursor: setCursor,
      onState: read
    })
    plot.current = made
    // Numbers beside the picture change twice a second: faster than that nobody reads.
    const timer = setInterval(read, 500)
    return () => {
      clearInterval(timer)
      plot.current = null
      made.destroy()
    }
  }, [height, group, capacity])

  const view = JSON.stringify(p.view)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a plot that was made anew must be told everything again
  useEffect(() => {
    plot.current?.setView(JSON.parse(view) as TimeView, aggregate)
  }, [view, aggregate, height, group, capacity])
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => {
    plot.current?.setSeries(series, shownLayer)
  }, [series, shownLayer, height, group, capacity])
  useEffect(() => plot.current?.lockY(locked), [locked])

  const onKey = (e: KeyboardEvent) => {
    const done = keys(e, { plot: plot.current, cursor, view: p.view, onView: p.onView, liveSpan: p.liveSpan })
    if (done) e.preventDefault()
  }
  // Once known, it stays: the buttons must not go away under the pointer while a chart is opened anew.
  const known = useRef<{ series: typeof series; calibrated: boolean }>({ series, calibrated: false })
  if (known.current.series !== series) known.current = { series, calibrated: false }
  if (states.some(s => s.hasCalibration)) known.current.calibrated = true
  const { calibrated } = known.current
  const names = series.map(s => s.label).join(', ')
  return (
    <figure className="nb-chart" style={{ margin: 0 }}>
      <div className="nb-chart-head">
        {p.title !== undefined && <figcaption className="nb-chart-title">{p.title}</figcaption>}
        <div className="nb-chart-tools">
          {!p.view.live && (
            <button type="button" className="nb-chart-live" onClick={() => p.onView({ live: true, span: p.liveSpan ?? 15 * 60e6 })}>
              {t.backToLive(waiting ? num(waiting) : '')}
            </button>
          )}
          {calibrated && <Layers value={shownLayer} onChange={setLayer} />}
          <Tool label={t.earlier} onClick={() => p.onView(pan(p.view, -0.5, live.now() * 1000))} icon={<ChevronLeft size={16} />} />
          <Tool label={t.later} onClick={() => p.onView(pan(p.view, 0.5, live.now() * 1000))} icon={<ChevronRight size={16} />} />
          <Tool label={t.zoomIn} onClick={() => p.onView(zoom(p.view, 0.5))} icon={<ZoomIn size={16} />} />
          <Tool label={t.zoomOut} onClick={() => p.onView(zoom(p.view, 2))} icon={<ZoomOut size={16} />} />
          <Tool label={t.lockY} pressed={locked} onClick={() => setLocked(!locked)} icon={<Lock size={16} />} />
          <Tool label={table ? t.chartAgain : t.table} pressed={table} onClick={() => setTable(!table)} icon={<Table2 size={16} />} />
        </div>
      </div>
      <div
        className="nb-chart-plot"
        ref={root}
        role="application"
        tabIndex={0}
        aria-label={t.chart(names)}
        aria-describedby={`${id}s ${id}k`}
        onKeyDown={onKey}
        style={{ minHeight: height }}
      >
        {states.length > 0 && states.every(s => !(s.min <= s.max)) && <div className="nb-chart-note">{t.noData}</div>}
      </div>
      <p id={`${id}k`} className="nb-hidden">
        {t.keys}
      </p>
      <p id={`${id}s`} className="nb-hidden">
        <Summary states={states} />
      </p>
      <Legend states={states} cursor={cursor} plot={plot.current} />
      {table && <DataTable plot={plot.current} states={states} />}
    </figure>
  )
}

function Tool(p: { label: string; icon: ReactNode; pressed?: boolean; onClick(): void }) {
  return (
    <button type="button" title={p.label} aria-label={p.label} aria-pressed={p.pressed} onClick={p.onClick}>
      {p.icon}
    </button>
  )
}

function Layers(p: { value: Layer; onChange(l: Layer): void }) {
  const t = useText(chartText)
  return (
    <fieldset style={{ border: 0, margin: 0, padding: 0, display: 'flex' }}>
      <legend className="nb-hidden">{t.layer}</legend>
      {(['raw', 'physical', 'both'] as const).map(l => (
        <button type="button" key={l} aria-pressed={p.value === l} onClick={() => p.onChange(l)}>
          {t.layers[l]}
        </button>
      ))}
    </fieldset>
  )
}

interface KeyContext {
  plot: Plot | null
  cursor: number | null
  view: TimeView
  onView(v: TimeView): void
  liveSpan?: number
}
/* The twins of dragging. Returns whether the key was one of ours. */
function keys(e: KeyboardEvent, c: KeyContext): boolean {
  const side = e.code === 'ArrowLeft' ? -1 : e.code === 'ArrowRight' ? 1 : 0
  if (side && e.shiftKey) c.onView(pan(c.view, side * 0.25, live.now() * 1000))
  else if (side && c.plot) {
    const w = c.plot.window()
    const step = (w.to - w.from) / 100
    const at = c.cursor ?? (w.from + w.to) / 2
    c.plot.showCursor(Math.min(w.to, Math.max(w.from, at + side * step)))
  } else if (e.code === 'Equal' || e.code === 'NumpadAdd') c.onView(zoom(c.view, 0.5))
  else if (e.code === 'Minus' || e.code === 'NumpadSubtract') c.onView(zoom(c.view, 2))
  else if (e.code === 'Home') c.onView({ live: true, span: c.liveSpan ?? 15 * 60e6 })
  else if (e.code === 'Escape') c.plot?.showCursor(null)
  else return false
  return true
}

function useTrend() {
  const t = useText(chartText)
  return (s: TrackState) => (s.rising > 0 ? t.rising : s.rising < 0 ? t.falling : t.steady)
}

function Summary({ states }: { states: TrackState[] }) {
  const t = useText(chartText)
  const trend = useTrend()
  return states.map(s =>
    s.min <= s.max
      ? `${s.series.label}: ${t.last} ${value(s.last, s.series.unit)}, ${t.min} ${value(s.min, s.series.unit)}, ${t.max} ${value(s.max, s.series.unit)}, ${trend(s)}. `
      : `${s.series.label}: ${t.noData}. `
  )
}

function Legend({ states, cursor, plot }: { states: TrackState[]; cursor: number | null; plot: Plot | null }) {
  const t = useText(chartText)
  const at = cursor !== null && plot ? plot.valuesAt(cursor) : null
  const many = states.length > 1
  return (
    <>
      <ul className="nb-chart-legend">
        {states.map((s, i) => (
          <li key={`${s.series.id} ${s.layer}`}>
            <Swatch color={s.series.color} />
            <span className="nb-series-name">
              {many && <b>{letterOf(s.series.color)} </b>}
              {s.series.label}
              {s.layer === 'physical' ? ` (${t.layers.physical})` : ''}
            </span>
            <span className="nb-value">{value(at?.[i]?.y ?? (at ? Number.NaN : s.last), s.series.unit)}</span>
            {s.min <= s.max && (
              <span className="nb-minmax">
                {t.min} {value(s.min, s.series.unit)} · {t.max} {value(s.max, s.series.unit)}
              </span>
            )}
            {s.error && <span className="nb-error">{t.error(s.error)}</span>}
          </li>
        ))}
      </ul>
      <div className="nb-chart-cursor">{cursor !== null ? moment(cursor) : ''}</div>
    </>
  )
}

const TABLE_ROWS = 50
function DataTable({ plot, states }: { plot: Plot | null; states: TrackState[] }) {
  const t = useText(chartText)
  if (!plot) return null
  const { from, to } = plot.window()
  // Rows lie on round moments, so that they do not change with every tick.
  const step = Math.max(1, Math.ceil((to - from) / TABLE_ROWS / 1e6)) * 1e6
  const rows: number[] = []
  for (let at = Math.floor(to / step) * step; at >= from && rows.length < TABLE_ROWS; at -= step) rows.push(at)
  return (
    <div className="nb-chart-table" tabIndex={0} role="region" aria-label={t.table}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.time}</th>
            {states.map(s => (
              <th scope="col" key={`${s.series.id} ${s.layer}`}>
                {s.series.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(at => {
            const v = plot.valuesAt(at)
            return (
              <tr key={at}>
                <td>{moment(at)}</td>
                {states.map((s, i) => {
                  const x = v[i]
                  return <td key={`${s.series.id} ${s.layer}`}>{x && Math.abs(x.t - at) <= 2 * step ? value(x.y, s.series.unit) : '—'}</td>
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
