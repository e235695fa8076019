import { memo, useCallback, useMemo, useState } from 'react'
import { useLocation } from 'wouter'
import type { Unit } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useParam, useSort } from '@/app/search'
import { useRight } from '@/app/session/session'
import { useInProject } from '@/app/shell/project'
import { useUnits } from '@/app/units/queries'
import { ageOf, unitState, uptimeOf } from '@/app/units/state'
import { useTrend, useTrendWatch } from '@/app/units/trends'
import { HeartbeatBar, Spark } from '@/chart/Spark'
import { useText } from '@/i18n'
import { ago, bytes, percent, span } from '@/i18n/format'
import { live, useAtNow } from '@/live'
import {
  type Column,
  DataTable,
  Empty,
  FilterBar,
  fits,
  Loaded,
  NoMatch,
  Page,
  parseFilter,
  StatusBadge,
  status,
  urgency,
  useLiveOrder
} from '@/ui'
import { UnitMenu } from './actions'
import { UnitBulk } from './bulk'
import { unitText } from './text'
import './units.css'

const values = (u: Unit, key: string): string[] | undefined => {
  switch (key) {
    case 'status':
      return [u.status]
    case 'name':
      return [u.name]
    case 'package':
      return [u.package_name]
    case 'host':
      return [u.device_name ?? '']
    case 'owner':
      return [u.owner]
    case 'version':
      return [u.version]
  }
  return undefined
}

const equivalent = { cli: ['spark status', 'spark logs NAME -f'], api: ['GET /api/spark/units'] }

export default function UnitsPage() {
  const t = useText(unitText)
  const q = useUnits()
  return (
    <Page title={t.title} fill equivalent={equivalent}>
      <Loaded of={q} rows={8}>
        {units => <List units={units} />}
      </Loaded>
    </Page>
  )
}

const idOf = (u: Unit) => u.unit_id
const nameOf = (u: Unit) => u.name
const nobody: Unit[] = []
const statuses = ['running', 'failed', 'starting', 'stopped', 'paused']

function List({ units: all }: { units: Unit[] }) {
  const t = useText(unitText)
  const [text, setText] = useParam('q')
  const [sort, setSort] = useSort('state')
  const [, navigate] = useLocation()
  const open = useCallback((u: Unit) => navigate(href('unit', { id: u.unit_id })), [navigate])
  const inProject = useInProject()
  const units = useMemo(() => all.filter(u => inProject(u.project_id)), [all, inProject])
  const shared = useMemo(() => units.some(u => u.owner_id !== units[0]?.owner_id), [units])
  const may = useRight('unit:write')
  const columns = useMemo(() => columnsOf(t, may, shared), [t, may, shared])
  const [picked, pick] = useState<ReadonlySet<string | number>>(new Set())
  const filter = useMemo(() => parseFilter(text), [text])
  const shown = useMemo(
    () =>
      text ? units.filter(u => fits(filter, u, values, x => `${x.name} ${x.package_name} ${x.device_name ?? ''} ${x.unit_id}`)) : units,
    [units, filter, text]
  )
  // States depend on the time: the order is looked at every five seconds, and when rows come or go; else rows stay where they are.
  const look = useAtNow(now => Math.floor(now / 5000))
  const by = columns.find(c => c.key === sort.key)?.sort
  const { rows, held } = useLiveOrder(shown, { id: idOf, by, down: sort.down, why: `${sort.key} ${sort.down} ${text}`, look })
  const watch = useTrendWatch()
  const see = useCallback((list: Unit[]) => watch(list.map(idOf)), [watch])
  const keys = useCallback(() => offered(units), [units])
  if (units.length === 0 && picked.size === 0)
    // the results of removing all are read first
    return (
      <Empty title={t.emptyTitle} command={`spark login ${location.origin}\nspark install NAME\nspark run NAME --name my-unit`}>
        {t.empty}
      </Empty>
    )
  return (
    <>
      <FilterBar value={text} onChange={v => setText(v)} keys={keys} placeholder={t.filter}>
        <span className="dim" role="status">
          {t.countOf(shown.length, units.length)}
        </span>
      </FilterBar>
      {rows.length === 0 ? (
        <NoMatch all={units.length} onClear={() => setText('')} />
      ) : (
        <DataTable
          label={t.title}
          fill
          columns={columns}
          rows={rows}
          rowKey={idOf}
          sort={sort}
          onSort={setSort}
          onOpen={open}
          rowHeight={40}
          onShown={see}
          held={held}
          {...(may ? { picks: { picked, onPick: pick, name: nameOf } } : {})}
        />
      )}
      <UnitBulk all={all} picked={picked.size ? rows.filter(u => picked.has(u.unit_id)) : nobody} onClear={() => pick(new Set())} />
    </>
  )
}

/** What the filter offers, made when somebody types: thousands of names. */
function offered(units: Unit[]): Record<string, string[]> {
  const of = (get: (u: Unit) => string | null) => [...new Set(units.map(get))].filter((v): v is string => !!v).sort()
  return {
    status: statuses,
    name: of(u => u.name),
    package: of(u => u.package_name),
    host: of(u => u.device_name),
    owner: of(u => u.owner)
  }
}

/* shared: the list has units of several people. Cells know the time and the trends by themselves: a second that passes or a minute's figures
 * draw the few cells again that they change, and never the table. */
function columnsOf(t: typeof unitText.en, may: boolean, shared: boolean): Column<Unit>[] {
  const owner: Column<Unit> = {
    key: 'owner',
    title: t.owner,
    width: 'minmax(70px, 0.6fr)',
    from: 1080,
    sort: u => u.owner,
    render: u => <span className="dim">{u.owner}</span>
  }
  return [
    {
      key: 'state',
      whole: true,
      title: t.state,
      width: '120px',
      sort: u => `${urgency[status(unitState(u, live.now())).kind]} ${u.name}`,
      render: u => <State unit={u} />
    },
    {
      key: 'name',
      title: t.name,
      width: 'minmax(120px, 1.6fr)',
      sort: u => u.name,
      render: u => (
        <a href={href('unit', { id: u.unit_id })} className="main" data-opens>
          {u.name}
        </a>
      )
    },
    {
      key: 'package',
      title: t.package,
      width: 'minmax(104px, 1.4fr)',
      minor: true,
      sort: u => `${u.package_name} ${u.version}`,
      render: u => (
        <>
          {u.package_name} <span className="faint">{u.version}</span>
        </>
      )
    },
    {
      key: 'host',
      title: t.host,
      width: 'minmax(80px, 0.8fr)',
      from: 1160,
      sort: u => u.device_name ?? '',
      render: u => <span className="dim">{u.device_name ?? '—'}</span>
    },
    ...(shared ? [owner] : []),
    {
      key: 'beat',
      whole: true,
      title: t.heartbeat,
      width: '104px',
      from: 900,
      render: u => <Beats id={u.unit_id} />
    },
    {
      key: 'uptime',
      whole: true,
      title: t.uptime,
      width: '86px',
      align: 'end',
      sort: u => uptimeOf(u, live.now()) ?? -1,
      render: u => (u.status === 'running' || u.status === 'paused' ? <Uptime unit={u} /> : '—')
    },
    {
      key: 'cpu',
      whole: true,
      title: t.cpu,
      width: '108px',
      align: 'end',
      minor: true,
      sort: u => u.cpu_percent,
      render: u => <Figure id={u.unit_id} of="cpu" text={u.status === 'running' ? percent(u.cpu_percent) : '—'} color={0} label={t.cpu} />
    },
    {
      key: 'memory',
      whole: true,
      title: t.memory,
      width: '124px',
      align: 'end',
      minor: true,
      sort: u => u.rss_bytes ?? -1,
      render: u => <Figure id={u.unit_id} of="rss" text={u.status === 'running' ? bytes(u.rss_bytes) : '—'} color={1} label={t.memory} />
    },
    {
      key: 'seen',
      whole: true,
      title: t.seen,
      width: '98px',
      from: 520,
      align: 'end',
      sort: u => ageOf(u, live.now()),
      render: u => <span className="dim">{u.last_heartbeat ? <Seen unit={u} /> : t.never}</span>
    },
    { key: 'actions', title: '', label: t.actions, width: '36px', whole: true, render: u => (may ? <UnitMenu unit={u} /> : null) }
  ]
}

function State({ unit }: { unit: Unit }) {
  return <StatusBadge name={useAtNow(now => unitState(unit, now))} />
}
function Uptime({ unit }: { unit: Unit }) {
  return useAtNow(now => span(uptimeOf(unit, now)))
}
function Seen({ unit }: { unit: Unit }) {
  return useAtNow(now => ago(ageOf(unit, now)))
}

const Beats = memo(function Beats({ id }: { id: string }) {
  return <HeartbeatBar beats={useTrend(id).beats} width={104} height={16} />
})

type FigureProps = { id: string; of: 'cpu' | 'rss'; text: string; color: number; label: string }
const Figure = memo(function Figure({ id, of, text, color, label }: FigureProps) {
  const values = useTrend(id)[of]
  return (
    <span className="figure">
      {values.length > 1 && <Spark values={values} width={56} height={18} color={color} label={label} />}
      <span>{text}</span>
    </span>
  )
})
