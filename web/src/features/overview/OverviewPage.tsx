import { Link, useLocation } from 'wouter'
import { useApi } from '@/api/query'
import type { AgentRow, Alert, Unit } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useRight, useSession } from '@/app/session/session'
import { useInProject, useProject } from '@/app/shell/project'
import { useUnits } from '@/app/units/queries'
import { reasonText } from '@/app/units/said'
import { ageOf, unitState, uptimeOf } from '@/app/units/state'
import { useLang, useText } from '@/i18n'
import { ago, bytes, percent, span } from '@/i18n/format'
import { useServerNow } from '@/live'
import { DataTable, Loaded, Page, Section, StatusBadge, StatusShape, sorted, status, urgency } from '@/ui'
import { Checklist } from './Checklist'
import './overview.css'
import { overviewText } from './text'

export default function OverviewPage() {
  const t = useText(overviewText)
  const q = useUnits()
  const inProject = useInProject()
  return (
    <Page
      title={t.title}
      equivalent={{
        cli: ['spark status', 'spark search'],
        api: ['GET /api/spark/units', 'GET /api/spark/packages?sort=updated', 'GET /api/spark/agents']
      }}
    >
      <Checklist units={q.data} />
      <Loaded of={q} rows={6}>
        {units => <Body units={units.filter(u => inProject(u.project_id))} />}
      </Loaded>
    </Page>
  )
}

function Body({ units }: { units: Unit[] }) {
  const t = useText(overviewText)
  const now = useServerNow()
  return (
    <div className="split">
      <div className="stack wide-gap">
        <Attention units={units} now={now} />
        {units.length > 0 && <Units units={units} now={now} />}
      </div>
      <div className="stack wide-gap">
        <Section title={t.states}>
          <States units={units} now={now} />
        </Section>
        <Machines units={units} now={now} />
        <Publishes now={now} />
      </div>
    </div>
  )
}

type Trouble = { unit: Unit; state: string; text: string; since: number }

function troubles(units: Unit[], now: number, t: typeof overviewText.en): Trouble[] {
  const out: Trouble[] = []
  for (const unit of units) {
    const state = unitState(unit, now)
    const since = Date.parse(unit.stopped_at ?? unit.last_heartbeat ?? unit.created_at)
    if (unit.command_error)
      out.push({ unit, state, text: t.command(unit.command_error), since: Date.parse(unit.command_at ?? unit.created_at) })
    else if (state === 'failed') out.push({ unit, state, text: t.failed(reasonText(unit.reason ?? '')), since })
    else if (state === 'late') out.push({ unit, state, text: t.late(span(ageOf(unit, now))), since })
    else if (unit.restarts > 5 && (uptimeOf(unit, now) ?? 0) < 600)
      out.push({ unit, state: 'unsteady', text: t.restarts(unit.restarts), since })
  }
  return out.sort((a, b) => urgency[status(a.state).kind] - urgency[status(b.state).kind] || a.since - b.since)
}

/** Alerts that fire, of what the address shows; those of units that fail stand as the units themselves. */
function useFiring(): Alert[] {
  const may = useRight('alert:read')
  const inProject = useInProject()
  const q = useApi('GET /api/v1/alerts', { query: { state: 'firing', limit: 50 } }, { enabled: may, every: 5000 })
  return (q.data?.alerts ?? []).filter(a => a.kind !== 'unit_failed' && !a.silenced_until && inProject(a.project_id))
}

/** What is red or amber, oldest first. */
function Attention({ units, now }: { units: Unit[]; now: number }) {
  const t = useText(overviewText)
  const lang = useLang()
  const list = troubles(units, now, t)
  const firing = useFiring()
  return (
    <Section title={t.attention}>
      {list.length + firing.length === 0 ? (
        <p className="calm">
          <StatusShape kind="ok" /> {t.calm}
        </p>
      ) : (
        <ul className="attention">
          {firing.slice(0, 8).map(a => (
            <li key={`alert ${a.id}`} className={`k-${status(a.severity).kind}`}>
              <StatusBadge name={a.severity} />
              <Link href={href('alerts', {})}>{a.subject}</Link>
              <span className="grow cut">{lang === 'ru' && a.rule_ru ? a.rule_ru : a.rule}</span>
              <span className="dim">{ago((now - Date.parse(a.fired_at ?? a.started_at)) / 1000)}</span>
            </li>
          ))}
          {list.slice(0, 12).map(x => (
            <li key={x.unit.unit_id} className={`k-${status(x.state).kind}`}>
              <StatusBadge name={x.state === 'late' && x.unit.status !== 'running' ? 'failed' : x.state} />
              <Link href={href('unit', { id: x.unit.unit_id })}>{x.unit.name}</Link>
              <span className="grow cut">{x.text}</span>
              <Link href={href('unit', { id: x.unit.unit_id, tab: 'logs' })} className="dim">
                {ago((now - x.since) / 1000)}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

const order = ['running', 'late', 'starting', 'failed', 'paused', 'stopped']

function States({ units, now }: { units: Unit[]; now: number }) {
  const t = useText(overviewText)
  const counts = new Map<string, number>()
  for (const u of units) {
    const s = unitState(u, now)
    counts.set(s, (counts.get(s) ?? 0) + 1)
  }
  const shown = [...counts].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
  if (units.length === 0) return <p className="dim">{t.byState(0)}</p>
  return (
    <>
      <div className="state-bar" aria-hidden="true">
        {shown.map(([s, n]) => (
          <span key={s} className={`k-${status(s).kind}`} style={{ flexGrow: n }} />
        ))}
      </div>
      <ul className="state-list">
        {shown.map(([s, n]) => (
          <li key={s}>
            <StatusBadge name={s} />
            <Link href={`${href('units')}?q=${encodeURIComponent(`status:${s === 'late' ? 'running' : s} `)}`} className="num">
              {n}
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}

function Units({ units, now }: { units: Unit[]; now: number }) {
  const t = useText(overviewText)
  const [, navigate] = useLocation()
  const columns = [
    {
      key: 'state',
      title: t.state,
      width: '128px',
      sort: (u: Unit) => `${urgency[status(unitState(u, now)).kind]} ${u.name}`,
      render: (u: Unit) => <StatusBadge name={unitState(u, now)} />
    },
    {
      key: 'name',
      title: t.name,
      width: 'minmax(100px, 1fr)',
      render: (u: Unit) => (
        <Link href={href('unit', { id: u.unit_id })} className="main">
          {u.name}
        </Link>
      )
    },
    { key: 'uptime', title: t.uptime, width: '92px', align: 'end' as const, render: (u: Unit) => span(uptimeOf(u, now)) },
    {
      key: 'cpu',
      title: t.cpu,
      width: '72px',
      from: 460,
      align: 'end' as const,
      render: (u: Unit) => (u.status === 'running' ? percent(u.cpu_percent) : '—')
    },
    {
      key: 'memory',
      title: t.memory,
      width: '90px',
      from: 560,
      align: 'end' as const,
      render: (u: Unit) => (u.status === 'running' ? bytes(u.rss_bytes) : '—')
    },
    {
      key: 'seen',
      title: t.seenAt,
      width: '100px',
      align: 'end' as const,
      from: 660,
      render: (u: Unit) => <span className="dim">{u.last_heartbeat ? ago(ageOf(u, now)) : '—'}</span>
    }
  ]
  const rows = sorted(units, columns, { key: 'state', down: false }).slice(0, 30)
  return (
    <Section title={t.units} actions={<Link href={href('units')}>{t.byState(units.length)}</Link>}>
      <DataTable
        label={t.units}
        columns={columns}
        rows={rows}
        rowKey={u => u.unit_id}
        onOpen={u => navigate(href('unit', { id: u.unit_id }))}
        rowHeight={34}
      />
    </Section>
  )
}

const connected = (a: AgentRow, now: number): boolean => now - Date.parse(a.last_seen_at) < 120_000

/** One's own, an administrator's: all; within a project those that run its units. */
function Machines({ units, now }: { units: Unit[]; now: number }) {
  const t = useText(overviewText)
  const { me } = useSession()
  const { name: project } = useProject()
  const q = useApi('GET /api/spark/agents', {}, { every: 10_000 })
  return (
    <Section title={t.machines}>
      <Loaded of={q}>
        {({ agents: all }) => {
          const agents = project === null ? all : all.filter(a => units.some(u => u.agent_id === a.agent_id))
          if (agents.length === 0) return <p className="dim">{project === null ? t.noMachines : t.noMachinesHere}</p>
          return (
            <ul className="small-list">
              {agents.slice(0, 8).map(a => (
                <li key={a.agent_id}>
                  <StatusBadge name={connected(a, now) ? 'online' : 'offline'} word={a.host ?? a.agent_id.slice(0, 8)} />
                  <span className="faint">
                    {connected(a, now)
                      ? [a.owner_id === me?.id ? '' : a.owner, a.os, a.arch].filter(Boolean).join(' · ')
                      : `${t.seen} ${ago((now - Date.parse(a.last_seen_at)) / 1000)}`}
                  </span>
                </li>
              ))}
              {agents.length > 8 && <li className="faint">{t.moreMachines(agents.length - 8)}</li>}
            </ul>
          )
        }}
      </Loaded>
    </Section>
  )
}

function Publishes({ now }: { now: number }) {
  const t = useText(overviewText)
  const q = useApi('GET /api/spark/packages', { query: { sort: 'updated', limit: 6 } }, { every: 30_000 })
  return (
    <Section title={t.publishes} actions={<Link href={href('packages')}>{t.all}</Link>}>
      <Loaded of={q}>
        {({ packages }) =>
          packages.length === 0 ? (
            <p className="dim">{t.nonePublished}</p>
          ) : (
            <ul className="small-list">
              {packages.map(p => (
                <li key={p.id}>
                  <Link href={href('package', { name: p.name })}>{p.display_name}</Link>
                  <span className="faint">{ago((now - Date.parse(p.updated_at)) / 1000)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}
