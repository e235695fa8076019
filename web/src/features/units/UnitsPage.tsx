import { useCallback, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Unit } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useParam, useSort } from '@/app/search'
import { useRight } from '@/app/session/session'
import { useInProject } from '@/app/shell/project'
import { useUnits } from '@/app/units/queries'
import { ageOf, unitState, uptimeOf } from '@/app/units/state'
import { trendOf, useTrends } from '@/app/units/trends'
import { HeartbeatBar, Spark } from '@/chart/Spark'
import { useText } from '@/i18n'
import { ago, bytes, percent, span } from '@/i18n/format'
import { useServerNow } from '@/live'
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
  sorted,
  status,
  urgency
} from '@/ui'
import { UnitMenu } from './actions'
import { UnitBulk } from './bulk'
import { unitText } from './text'
import './units.css'

const values = (u: Unit, key: string): string[] | undefined =>
  ({ status: [u.status], name: [u.name], package: [u.package_name], host: [u.device_name ?? ''], owner: [u.owner], version: [u.version] })[
    key
  ]

export default function UnitsPage() {
  const t = useText(unitText)
  const q = useUnits()
  return (
    <Page title={t.title} fill equivalent={{ cli: ['spark status', 'spark logs NAME -f'], api: ['GET /api/spark/units'] }}>
      <Loaded of={q} rows={8}>
        {units => <List units={units} />}
      </Loaded>
    </Page>
  )
}

function List({ units: all }: { units: Unit[] }) {
  const t = useText(unitText)
  const [text, setText] = useParam('q')
  const [sort, setSort] = useSort('state')
  const [, navigate] = useLocation()
  const open = useCallback((u: Unit) => navigate(href('unit', { id: u.unit_id })), [navigate])
  const inProject = useInProject()
  const units = useMemo(() => all.filter(u => inProject(u.project_id)), [all, inProject])
  const now = useServerNow()
  const shared = useMemo(() => units.some(u => u.owner_id !== units[0]?.owner_id), [units])
  const columns = useColumns(now, shared)
  const may = useRight('unit:write')
  const [picked, pick] = useState<ReadonlySet<string | number>>(new Set())
  const filter = useMemo(() => parseFilter(text), [text])
  const shown = useMemo(
    () => units.filter(u => fits(filter, u, values, x => `${x.name} ${x.package_name} ${x.device_name ?? ''} ${x.unit_id}`)),
    [units, filter]
  )
  // Thousands of rows are sorted anew when they or the order change, and every five seconds, because states depend on the time.
  const moment = Math.floor(now / 5000)
  // biome-ignore lint/correctness/useExhaustiveDependencies: columns are made anew every second; they sort the same way
  const rows = useMemo(() => sorted(shown, columns, sort), [shown, sort.key, sort.down, moment])
  const [inSight, see] = useState<string[]>([])
  useTrends(inSight)
  const keys = useMemo(() => {
    const of = (get: (u: Unit) => string | null) => [...new Set(units.map(get).filter((v): v is string => !!v))].sort()
    return {
      status: ['running', 'failed', 'starting', 'stopped', 'paused'],
      name: of(u => u.name),
      package: of(u => u.package_name),
      host: of(u => u.device_name),
      owner: of(u => u.owner)
    }
  }, [units])
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
          rowKey={u => u.unit_id}
          sort={sort}
          onSort={setSort}
          onOpen={open}
          rowHeight={40}
          onShown={list => see(list.map(u => u.unit_id))}
          {...(may ? { picks: { picked, onPick: pick, name: (u: Unit) => u.name } } : {})}
        />
      )}
      <UnitBulk all={all} picked={rows.filter(u => picked.has(u.unit_id))} onClear={() => pick(new Set())} />
    </>
  )
}

/** shared: the list has units of several people. */
function useColumns(now: number, shared: boolean): Column<Unit>[] {
  const t = useText(unitText)
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
      title: t.state,
      width: '120px',
      sort: u => `${urgency[status(unitState(u, now)).kind]} ${u.name}`,
      render: u => <StatusBadge name={unitState(u, now)} />
    },
    {
      key: 'name',
      title: t.name,
      width: 'minmax(90px, 1.6fr)',
      sort: u => u.name,
      render: u => (
        <Link href={href('unit', { id: u.unit_id })} className="main">
          {u.name}
        </Link>
      )
    },
    {
      key: 'package',
      title: t.package,
      width: 'minmax(110px, 1.2fr)',
      minor: true,
      sort: u => `${u.package_name} ${u.version}`,
      render: u => (
        <span>
          {u.package_name} <span className="faint">{u.version}</span>
        </span>
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
      title: t.heartbeat,
      width: '104px',
      from: 900,
      render: u => <HeartbeatBar beats={trendOf(u.unit_id).beats} width={104} height={16} />
    },
    {
      key: 'uptime',
      title: t.uptime,
      width: '92px',
      align: 'end',
      sort: u => uptimeOf(u, now) ?? -1,
      render: u => span(uptimeOf(u, now))
    },
    {
      key: 'cpu',
      title: t.cpu,
      width: '116px',
      align: 'end',
      minor: true,
      sort: u => u.cpu_percent,
      render: u => (
        <Figure values={trendOf(u.unit_id).cpu} text={u.status === 'running' ? percent(u.cpu_percent) : '—'} color={0} label={t.cpu} />
      )
    },
    {
      key: 'memory',
      title: t.memory,
      width: '132px',
      align: 'end',
      minor: true,
      sort: u => u.rss_bytes ?? -1,
      render: u => (
        <Figure values={trendOf(u.unit_id).rss} text={u.status === 'running' ? bytes(u.rss_bytes) : '—'} color={1} label={t.memory} />
      )
    },
    {
      key: 'seen',
      title: t.seen,
      width: '98px',
      from: 520,
      align: 'end',
      sort: u => ageOf(u, now),
      render: u => <span className="dim">{u.last_heartbeat ? ago(ageOf(u, now)) : t.never}</span>
    },
    { key: 'actions', title: '', label: t.actions, width: '36px', render: u => <UnitMenu unit={u} /> }
  ]
}

function Figure({ values, text, color, label }: { values: number[]; text: string; color: number; label: string }) {
  return (
    <span className="figure">
      {values.length > 1 && <Spark values={values} width={56} height={18} color={color} label={label} />}
      <span>{text}</span>
    </span>
  )
}
