/* Every series with its newest value: age by the server's clock, the trend of five minutes, problems first if one
 * likes. Rows in sight are alive, the others sleep. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link } from 'wouter'
import { useParam, useSort } from '@/app/search'
import { value } from '@/chart/format'
import { onPalette, palette } from '@/chart/palette'
import { drawSeries } from '@/chart/Spark'
import { useText } from '@/i18n'
import { num, span } from '@/i18n/format'
import { type Freshness, freshness, live, useLiveStatus, useServerNow } from '@/live'
import { type Column, DataTable, Empty, FilterBar, fits, Loaded, NoMatch, Page, parseFilter, sorted } from '@/ui'
import { type Newest, useNewest } from './lines'
import { type Known, keysOf, orderOf, type Series, shownLabels, titleOf, useLastKnown, useSeries, valuesOf } from './queries'
import { Tabs } from './Tabs'
import './telemetry.css'
import { telemetryText } from './text'

const ROW = 32
const SPAN = 300e6

export default function MonitorPage() {
  const t = useText(telemetryText)
  const series = useSeries()
  return (
    <Page title={t.title} fill equivalent={{ api: ['GET /api/v1/series', 'GET /api/v1/live/follow?topic=series/1'] }}>
      <Tabs />
      <Loaded of={series}>{list => (list.length ? <List list={list} /> : <NoSeries />)}</Loaded>
    </Page>
  )
}

function NoSeries() {
  const t = useText(telemetryText)
  const command = `curl -X POST -H "Authorization: Bearer $NETBIT_TOKEN" -H "Content-Type: application/json" \\
  -d '{"series":[{"name":"temperature","labels":{"room":"12"},"unit":"celsius","points":[['$(date +%s)'000000,21.4]]}]}' \\
  ${location.origin}/api/v1/telemetry`
  return (
    <Empty title={t.empty} command={command}>
      {t.emptyHint}
    </Empty>
  )
}

const badness: Record<Freshness, number> = { lost: 0, late: 1, unknown: 2, fresh: 3 }

function List({ list }: { list: Series[] }) {
  const t = useText(telemetryText)
  const [q, setQ] = useParam('q')
  const [sort, setSort] = useSort('name')
  const [inSight, watch] = useInSight()
  const newest = useNewest(inSight, SPAN)
  const silent = useMemo(() => inSight.filter(id => newest.get(id)?.lastAt === 0), [inSight, newest])
  const known = useLastKnown(silent)
  const connected = useLiveStatus().state === 'live'
  const now = useServerNow()
  const filter = useMemo(() => parseFilter(q), [q])
  const keys = useMemo(() => keysOf(list), [list])
  const fitting = useMemo(() => list.filter(s => fits(filter, s, valuesOf, titleOf)), [list, filter])
  const ageOf = (s: Series) => ageAt(newest.get(s.id)?.lastAt || known.get(s.id)?.at || 0, now)
  const freshOf = (s: Series) => freshness(ageOf(s), connected, ...limitsAt(newest.get(s.id)?.rate ?? 0))
  const columns = useColumns({ newest, known, connected, ageOf, freshOf })
  const rows =
    sort.key === 'age'
      ? [...fitting].sort((a, b) => (sort.down ? -1 : 1) * (badness[freshOf(a)] - badness[freshOf(b)] || ageOf(b) - ageOf(a)))
      : sorted(fitting, columns, sort)
  return (
    <>
      <FilterBar value={q} onChange={setQ} keys={keys} placeholder={t.filter}>
        <span className="dim">{t.found(rows.length)}</span>
      </FilterBar>
      {rows.length === 0 ? (
        <NoMatch all={list.length} onClear={() => setQ('')} />
      ) : (
        <div className="telemetry-list" ref={watch}>
          <DataTable
            fill
            label={t.series}
            columns={columns}
            rows={rows}
            rowKey={s => s.id}
            rowHeight={ROW}
            sort={sort}
            onSort={setSort}
            rowClass={s => `age-${freshOf(s)}`}
          />
        </div>
      )}
    </>
  )
}

/** Milliseconds since a point, NaN when there is none that we know of. */
const ageAt = (at: number, now: number) => (at ? Math.max(0, now - at / 1000) : Number.NaN)

/* Amber and red begin at 5 s and 10 s, later where the series' own pace is slower: a value every ten seconds is
 * not late at nine. */
function limitsAt(rate: number): [late: number, lost: number] {
  const every = rate > 0 ? 1000 / rate : 0
  return [Math.max(5000, 2.5 * every), Math.max(10_000, 5 * every)]
}

/* Which rows are in the document: those that the table has drawn. */
function useInSight(): [number[], (box: HTMLDivElement | null) => void] {
  const [ids, setIds] = useState<number[]>([])
  const undo = useRef(() => {})
  const watch = useCallback((box: HTMLDivElement | null) => {
    undo.current()
    undo.current = () => {}
    if (!box) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = () => {
      timer = undefined
      setIds([...box.querySelectorAll<HTMLElement>('[data-series]')].map(e => Number(e.dataset.series)))
    }
    const soon = () => {
      timer ??= setTimeout(read, 150)
    }
    const observer = new MutationObserver(soon)
    observer.observe(box, { childList: true, subtree: true })
    read()
    undo.current = () => {
      observer.disconnect()
      clearTimeout(timer)
    }
  }, [])
  return [ids, watch]
}

interface Shown {
  newest: ReadonlyMap<number, Newest>
  known: ReadonlyMap<number, Known>
  connected: boolean
  ageOf(s: Series): number
  freshOf(s: Series): Freshness
}

function useColumns({ newest, known, connected, ageOf, freshOf }: Shown): Column<Series>[] {
  const t = useText(telemetryText)
  const unit = (s: Series) => s.unit ?? ''
  return [
    {
      key: 'name',
      title: t.name,
      width: 'minmax(160px, 2fr)',
      sort: orderOf,
      render: s => (
        <Link href={`/telemetry/explore?series=${s.id}&from=now-15m`} data-series={s.id} title={titleOf(s)} className="series-link cut">
          {s.name}
          {shownLabels(s).map(([k, v]) => (
            <span key={k} className="faint">
              {' '}
              {k}={v}
            </span>
          ))}
        </Link>
      )
    },
    {
      key: 'value',
      title: t.value,
      width: '140px',
      keep: true,
      align: 'end',
      render: s => {
        const n = newest.get(s.id)
        const last = n?.lastAt ? n.last : (known.get(s.id)?.last ?? Number.NaN)
        return <b className={connected ? 'num' : 'num stale'}>{s.kind === 'text' ? t.textSeries : value(last, unit(s))}</b>
      }
    },
    { key: 'trend', title: t.trend(span(SPAN / 1e6)), width: '112px', minor: true, render: s => <Trend of={newest.get(s.id)} /> },
    {
      key: 'range',
      title: t.range,
      width: '190px',
      align: 'end',
      minor: true,
      render: s => {
        const n = newest.get(s.id)
        return <span className="dim num">{n && n.min <= n.max ? `${value(n.min, unit(s))} … ${value(n.max, unit(s))}` : '—'}</span>
      }
    },
    {
      key: 'rate',
      title: t.rate,
      width: '90px',
      align: 'end',
      minor: true,
      render: s => <span className="dim num">{rate(newest.get(s.id)?.rate ?? 0, t)}</span>
    },
    {
      key: 'age',
      title: t.age,
      label: t.problems,
      width: '130px',
      align: 'end',
      sort: s => s.id,
      render: s => <Age ms={ageOf(s)} fresh={freshOf(s)} />
    }
  ]
}

const rate = (r: number, t: typeof telemetryText.en) => (r > 0 ? t.perSecond(num(r, r < 10 ? 1 : 0)) : '—')

const marks: Record<Freshness, string> = { fresh: '●', late: '▲', lost: '✕', unknown: '?' }
const kinds: Record<Freshness, string> = { fresh: 'k-ok', late: 'k-warn', lost: 'k-err', unknown: 'k-unknown' }

function Age({ ms, fresh: f }: { ms: number; fresh: Freshness }) {
  const t = useText(telemetryText)
  return (
    <span className={`${kinds[f]} num age`} title={t[f]}>
      <span aria-hidden="true">{marks[f]}</span> {Number.isFinite(ms) ? span(ms / 1000) : '—'}
      <span className="offscreen"> {t[f]}</span>
    </span>
  )
}

const WIDTH = 96
const HEIGHT = 22
function Trend({ of }: { of: Newest | undefined }) {
  const ref = useRef<HTMLCanvasElement>(null)
  const [theme, setTheme] = useState(0)
  useEffect(() => {
    const undo = onPalette(() => setTheme(n => n + 1))
    return () => {
      undo()
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new theme has other colours
  useEffect(() => {
    if (!ref.current) return
    const to = live.now() * 1000
    drawSeries(
      ref.current,
      of ?? { x: [], y: [] },
      { from: to - SPAN, to },
      { width: WIDTH, height: HEIGHT, color: palette().series[0] as string }
    )
  }, [of, theme])
  return <canvas ref={ref} className="nb-spark" aria-hidden="true" style={{ width: WIDTH, height: HEIGHT }} />
}
