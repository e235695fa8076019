/* Any series over any time: up to four charts of up to five series, all of it in the address. */
import { Download, Plus, SquarePlus, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { problemTitle } from '@/api/problem'
import { useParam } from '@/app/search'
import { type Aggregate, Chart, readView, Swatch, type TimeView, writeView } from '@/chart'
import { useText } from '@/i18n'
import { span } from '@/i18n/format'
import { live } from '@/live'
import { Button, FilterBar, fits, IconButton, Loaded, notice, Page, parseFilter, Select } from '@/ui'
import { downloadCsv } from './csv'
import { briefTitles, keysOf, orderOf, type Series, shownLabels, titleOf, useSeries, valuesOf } from './queries'
import { add, allIds, MOST_CHARTS, MOST_SERIES, readSelection, remove, removeChart, type Selection, writeSelection } from './selection'
import { Tabs } from './Tabs'
import './telemetry.css'
import { TimePicker } from './TimePicker'
import { telemetryText } from './text'

const aggregates = ['auto', 'avg', 'min', 'max', 'first', 'last', 'sum', 'count'] as const
/** Rows of the list of series that are drawn; the filter finds the others. */
const MOST_ROWS = 200

export default function ExplorerPage() {
  const t = useText(telemetryText)
  const series = useSeries()
  const s = useAddress()
  return (
    <Page title={t.title} equivalent={equivalent(s.selection, s.view)} actions={<Tools {...s} />}>
      <Tabs />
      <Loaded of={series}>{list => <Explorer list={list} {...s} />}</Loaded>
    </Page>
  )
}

interface Address {
  selection: Selection
  view: TimeView
  aggregate: Aggregate
  liveSpan: number
  setSelection(s: Selection): void
  setView(v: TimeView): void
  setAggregate(a: Aggregate): void
}

/* Everything that is shown stands in the address. */
function useAddress(): Address {
  const search = useSearch()
  const [location, navigate] = useLocation()
  const [liveSpan, setLiveSpan] = useState(15 * 60e6)
  const q = new URLSearchParams(search)
  const text = q.get('series') ?? ''
  const selection = useMemo(() => readSelection(text), [text])
  const [from, to, isLive] = [q.get('from'), q.get('to'), q.get('live')]
  const view = useMemo(() => readView({ from, to, live: isLive }, live.now() * 1000), [from, to, isLive])
  const a = q.get('agg') as Aggregate
  const set = (change: Record<string, string>, replace = false) => {
    const next = new URLSearchParams(window.location.search)
    for (const [k, v] of Object.entries(change)) {
      if (v) next.set(k, v)
      else next.delete(k)
    }
    navigate(`${location}?${next.toString().replace(/%2C/g, ',').replace(/%3B/g, ';')}`, { replace })
  }
  return {
    selection,
    view,
    aggregate: aggregates.includes(a) ? a : 'auto',
    liveSpan,
    setSelection: x => set({ series: writeSelection(x) }),
    setView: v => {
      if (view.live) setLiveSpan(view.span)
      set(writeView(v))
    },
    setAggregate: x => set({ agg: x === 'auto' ? '' : x }, true)
  }
}

function equivalent(s: Selection, view: TimeView) {
  const ids = allIds(s)
  const to = view.live ? live.now() * 1000 : view.to
  const from = view.live ? to - view.span : view.from
  const range = `from=${Math.floor(from)}&to=${Math.ceil(to)}`
  return { api: ids.length ? ids.map(id => `GET /api/v1/series/${id}/points?${range}`) : ['GET /api/v1/series'] }
}

function Tools({ view, setView, aggregate, setAggregate }: Address) {
  const t = useText(telemetryText)
  return (
    <div className="explorer-tools">
      <Select
        aria-label={t.aggregate}
        value={aggregate}
        onChange={e => setAggregate(e.currentTarget.value as Aggregate)}
        data={aggregates.map(value => ({ value, label: t.aggregates[value] }))}
      />
      <TimePicker view={view} onView={setView} />
    </div>
  )
}

function Explorer({ list, ...a }: Address & { list: Series[] }) {
  const t = useText(telemetryText)
  const [into, setInto] = useState(0)
  const byId = useMemo(() => new Map(list.map(s => [s.id, s])), [list])
  const chart = Math.min(into, Math.max(0, a.selection.length - 1))
  return (
    <div className="explorer">
      <Picker
        list={list}
        selection={a.selection}
        into={chart}
        setInto={setInto}
        onAdd={(c, id) => a.setSelection(add(a.selection, c, id))}
      />
      {a.selection.length === 0 ? (
        <p className="empty-line">{t.pick}</p>
      ) : (
        <div className="explorer-charts">
          {a.selection.map((ids, i) => (
            <OneChart key={ids[0]} index={i} ids={ids} byId={byId} address={a} />
          ))}
        </div>
      )}
    </div>
  )
}

interface PickerProps {
  list: Series[]
  selection: Selection
  into: number
  setInto(i: number): void
  onAdd(chart: number, id: number): void
}

function Picker({ list, selection, into, setInto, onAdd }: PickerProps) {
  const t = useText(telemetryText)
  const [q, setQ] = useParam('q')
  const filter = useMemo(() => parseFilter(q), [q])
  const keys = useMemo(() => keysOf(list), [list])
  const ordered = useMemo(() => [...list].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)), [list])
  const found = useMemo(() => ordered.filter(s => s.kind !== 'text' && fits(filter, s, valuesOf, titleOf)), [ordered, filter])
  const full = (selection[into]?.length ?? 0) >= MOST_SERIES
  return (
    <section className="explorer-pick" aria-label={t.search}>
      <FilterBar value={q} onChange={setQ} keys={keys} placeholder={t.filter} />
      {selection.length > 1 && (
        <Select
          label={t.intoChart}
          value={String(into)}
          onChange={e => setInto(Number(e.currentTarget.value))}
          data={selection.map((_, i) => ({ value: String(i), label: t.chartN(i + 1) }))}
        />
      )}
      <p className="dim" role="status">
        {full ? t.mostSeries : found.length > MOST_ROWS ? t.showing(MOST_ROWS, found.length) : t.found(found.length)}
      </p>
      <ul className="explorer-list">
        {found.slice(0, MOST_ROWS).map(s => (
          <li key={s.id}>
            <span className="name">
              {s.name}
              {shownLabels(s).map(([k, v]) => (
                <span key={k} className="faint">
                  {' '}
                  {k}={v}
                </span>
              ))}
            </span>
            <Button
              look="quiet"
              disabled={full || selection.some(c => c.includes(s.id))}
              aria-label={t.addTo(titleOf(s), String(into + 1))}
              onClick={() => onAdd(into, s.id)}
            >
              <Plus size={15} />
            </Button>
            {selection.length > 0 && (
              <Button
                look="quiet"
                disabled={selection.length >= MOST_CHARTS}
                aria-label={t.intoNew(titleOf(s))}
                title={t.newChart}
                onClick={() => onAdd(selection.length, s.id)}
              >
                <SquarePlus size={15} />
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function OneChart({ index, ids, byId, address: a }: { index: number; ids: number[]; byId: Map<number, Series>; address: Address }) {
  const t = useText(telemetryText)
  const known = ids.flatMap((id, color) => {
    const s = byId.get(id)
    return s ? [{ ...s, color }] : []
  })
  const brief = briefTitles(known)
  const series = known.map((s, i) => ({
    id: s.id,
    label: brief[i] ?? s.name,
    full: titleOf(s),
    unit: a.aggregate === 'count' ? '' : (s.unit ?? ''),
    color: s.color
  }))
  const save = async (s: { id: number; label: string }) => {
    const to = a.view.live ? live.now() * 1000 : a.view.to
    try {
      await downloadCsv(s, a.view.live ? to - a.view.span : a.view.from, to)
    } catch (e) {
      notice('err', problemTitle(e))
    }
  }
  return (
    <section className={`explorer-chart${a.selection.length === 1 ? ' wide' : ''}`} aria-label={t.chartN(index + 1)}>
      <Chart
        title={t.chartN(index + 1)}
        series={series}
        view={a.view}
        onView={a.setView}
        aggregate={a.aggregate}
        group="explorer"
        liveSpan={a.liveSpan}
        height={a.selection.length === 1 ? 420 : 260}
      />
      <div className="explorer-tools">
        {series.map(s => (
          <span className="chip" key={s.id}>
            <Swatch color={s.color} /> {s.full}
            <IconButton
              label={`${t.csv}: ${s.full}`}
              size={24}
              className="nb-download"
              onClick={() => void save({ id: s.id, label: s.full })}
            >
              <Download size={14} />
            </IconButton>
            <IconButton label={t.remove(s.full)} size={24} onClick={() => a.setSelection(remove(a.selection, index, s.id))}>
              <X size={13} />
            </IconButton>
          </span>
        ))}
        <Button look="quiet" onClick={() => a.setSelection(removeChart(a.selection, index))}>
          {t.removeChart}
        </Button>
        <span className="faint">{a.view.live ? `${t.live} · ${span(a.view.span / 1e6)}` : ''}</span>
      </div>
    </section>
  )
}
