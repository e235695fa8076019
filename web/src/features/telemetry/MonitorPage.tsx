/* Every series with its newest value: age by the server's clock, the trend of five minutes, problems first if one
 * likes. Rows in sight are alive, the others sleep. */
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { Link } from 'wouter'
import { useParam, useSort } from '@/app/search'
import { value } from '@/chart/format'
import { onPalette, palette } from '@/chart/palette'
import { drawSeries } from '@/chart/Spark'
import { useText } from '@/i18n'
import { num, span } from '@/i18n/format'
import { type Freshness, freshness, live, useAtNow, useConnected } from '@/live'
import { type Column, DataTable, Empty, FilterBar, fits, Loaded, NoMatch, Page, parseFilter, useLiveOrder } from '@/ui'
import { type Newest, NewestValues } from './newest'
import { keysOf, lastKnown, orderOf, type Series, shownLabels, titleOf, useSeries, valuesOf } from './queries'
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
const idOf = (s: Series) => s.id
/** The order by age is looked at so often (ms); by name it changes only with the list. */
const LOOK_MS = 5000

function List({ list }: { list: Series[] }) {
  const t = useText(telemetryText)
  const [q, setQ] = useParam('q')
  const [sort, setSort] = useSort('name')
  const values = useNewestValues()
  const filter = useMemo(() => parseFilter(q), [q])
  const keys = useMemo(() => keysOf(list), [list])
  const fitting = useMemo(() => list.filter(s => fits(filter, s, valuesOf, titleOf)), [list, filter])
  const columns = useMemo(() => columnsOf(t, values), [t, values])
  const look = useAtNow(now => (sort.key === 'age' ? Math.floor(now / LOOK_MS) : 0))
  const by = columns.find(c => c.key === sort.key)?.sort
  const { rows, held } = useLiveOrder(fitting, { id: idOf, by, down: sort.down, why: `${sort.key} ${sort.down} ${q}`, look })
  const see = useCallback((shown: Series[]) => values.see(shown.map(idOf)), [values])
  return (
    <>
      <FilterBar value={q} onChange={setQ} keys={keys} placeholder={t.filter}>
        <span className="dim">{t.found(rows.length)}</span>
      </FilterBar>
      {rows.length === 0 ? (
        <NoMatch all={list.length} onClear={() => setQ('')} />
      ) : (
        <div className="telemetry-list">
          <DataTable
            fill
            label={t.series}
            columns={columns}
            rows={rows}
            rowKey={idOf}
            rowHeight={ROW}
            sort={sort}
            onSort={setSort}
            onShown={see}
            held={held}
          />
        </div>
      )}
    </>
  )
}

function useNewestValues(): NewestValues {
  const values = useMemo(
    () =>
      new NewestValues(SPAN, {
        open: (...a) => live.openChart(...a),
        paused: () => live.paused,
        lastKnown,
        now: () => performance.now(),
        after: (ms, fn) => setTimeout(fn, ms),
        cancel: timer => clearTimeout(timer)
      }),
    []
  )
  useEffect(() => values.end, [values])
  return values
}

/** What is known of a row; only who asks draws again when it changes. */
const useNewest = (values: NewestValues, id: number): Newest | undefined =>
  useSyncExternalStore(
    useCallback(fn => values.listen(id, fn), [values, id]),
    () => values.of(id)
  )

/** Milliseconds since a point, NaN when there is none that we know of. */
const ageAt = (at: number, now: number) => (at ? Math.max(0, now - at / 1000) : Number.NaN)

/* Amber and red begin at 5 s and 10 s, later where the series' own pace is slower: a value every ten seconds is
 * not late at nine. */
function limitsAt(rate: number): [late: number, lost: number] {
  const every = rate > 0 ? 1000 / rate : 0
  return [Math.max(5000, 2.5 * every), Math.max(10_000, 5 * every)]
}

/* What a row's age says: looked at once a second. */
const freshOf = (n: Newest | undefined, now: number): Freshness =>
  freshness(ageAt(n?.lastAt ?? 0, now), live.status.state === 'live', ...limitsAt(n?.rate ?? 0))

/* Problems first: the worse, the older. */
function worst(n: Newest | undefined): number {
  const now = live.now()
  const age = ageAt(n?.lastAt ?? 0, now)
  return badness[freshOf(n, now)] * 1e15 - (Number.isFinite(age) ? age : 0)
}

/* Cells follow their series by themselves: what comes twice a second draws those that it changes, never the table. */
function columnsOf(t: typeof telemetryText.en, values: NewestValues): Column<Series>[] {
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
    { key: 'value', title: t.value, width: '140px', keep: true, align: 'end', render: s => <Value of={values} series={s} /> },
    {
      key: 'trend',
      title: t.trend(span(SPAN / 1e6)),
      width: '112px',
      minor: true,
      whole: true,
      render: s => <Trend of={values} id={s.id} />
    },
    { key: 'range', title: t.range, width: '190px', align: 'end', minor: true, render: s => <Range of={values} series={s} /> },
    { key: 'rate', title: t.rate, width: '90px', align: 'end', minor: true, render: s => <Rate of={values} id={s.id} /> },
    {
      key: 'age',
      title: t.age,
      label: t.problems,
      width: '130px',
      align: 'end',
      whole: true,
      sort: s => worst(values.of(s.id)),
      render: s => <Age of={values} id={s.id} />
    }
  ]
}

function Value({ of, series: s }: { of: NewestValues; series: Series }) {
  const t = useText(telemetryText)
  const connected = useConnected()
  const n = useNewest(of, s.id)
  return (
    <b className={connected ? 'num' : 'num stale'}>
      {s.kind === 'text' ? t.textSeries : value(n?.lastAt ? n.last : Number.NaN, s.unit ?? '')}
    </b>
  )
}

function Range({ of, series: s }: { of: NewestValues; series: Series }) {
  const n = useNewest(of, s.id)
  const unit = s.unit ?? ''
  return <span className="dim num">{n && n.min <= n.max ? `${value(n.min, unit)} … ${value(n.max, unit)}` : '—'}</span>
}

function Rate({ of, id }: { of: NewestValues; id: number }) {
  const t = useText(telemetryText)
  return <span className="dim num">{rate(useNewest(of, id)?.rate ?? 0, t)}</span>
}

const rate = (r: number, t: typeof telemetryText.en) => (r > 0 ? t.perSecond(num(r, r < 10 ? 1 : 0)) : '—')

const marks: Record<Freshness, string> = { fresh: '●', late: '▲', lost: '✕', unknown: '?' }
const kinds: Record<Freshness, string> = { fresh: 'k-ok', late: 'k-warn', lost: 'k-err', unknown: 'k-unknown' }

function Age({ of, id }: { of: NewestValues; id: number }) {
  const t = useText(telemetryText)
  useConnected() // without a connection no age is known
  const n = useNewest(of, id)
  const fresh = useAtNow(now => freshOf(n, now))
  const seconds = useAtNow(now => Math.floor(ageAt(n?.lastAt ?? 0, now) / 1000))
  return (
    <span className={`${kinds[fresh]} num age age-${fresh}`} title={t[fresh]}>
      <span aria-hidden="true">{marks[fresh]}</span> {Number.isFinite(seconds) ? span(seconds) : '—'}
      <span className="offscreen"> {t[fresh]}</span>
    </span>
  )
}

const WIDTH = 96
const HEIGHT = 22
const empty = { x: [], y: [] }

/* Drawn without React: its picture is all that changes. */
function Trend({ of, id }: { of: NewestValues; id: number }) {
  const ref = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const draw = () => {
      if (!ref.current) return
      const to = live.now() * 1000
      const look = { width: WIDTH, height: HEIGHT, color: palette().series[0] as string }
      drawSeries(ref.current, of.of(id) ?? empty, { from: to - SPAN, to }, look)
    }
    if (of.of(id)) draw()
    const ends = [of.listen(id, draw), onPalette(draw)]
    return () => {
      for (const end of ends) end()
    }
  }, [of, id])
  return <canvas ref={ref} className="nb-spark" aria-hidden="true" style={{ width: WIDTH, height: HEIGHT }} />
}
