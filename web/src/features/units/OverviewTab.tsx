import { useEffect } from 'react'
import { Link } from 'wouter'
import type { Unit } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useProjects } from '@/app/shell/project'
import { ageOf, uptimeOf } from '@/app/units/state'
import { useTrend, useTrendWatch } from '@/app/units/trends'
import { HeartbeatBar } from '@/chart/Spark'
import { useText } from '@/i18n'
import { ago, bytes, dateTime, num, percent, span } from '@/i18n/format'
import { useServerNow } from '@/live'

import { CopyButton, Facts, Section, StatusBadge } from '@/ui'
import { EventList, useUnitEvents } from './EventsTab'
import { LogLive } from './LogLive'

import { useUnitLog } from './log'
import { UnitCharts } from './MetricsTab'
import { unitText } from './text'

export function OverviewTab({ unit: u }: { unit: Unit }) {
  const t = useText(unitText)
  const now = useServerNow()
  const project = useProjects().find(p => p.id === u.project_id)
  const log = useUnitLog(u.unit_id, { limit: 200 })
  const events = useUnitEvents(u.unit_id, 6).rows
  const trend = useTrend(u.unit_id)
  const watch = useTrendWatch()
  useEffect(() => watch([u.unit_id]), [watch, u.unit_id])
  const runs = u.status === 'running' || u.status === 'paused'
  return (
    <>
      <div className="figures">
        <Big name={t.uptime} value={span(uptimeOf(u, now))} />
        <Big name={t.cpu} value={runs ? percent(u.cpu_percent) : '—'} />
        <Big name={t.memory} value={runs ? bytes(u.rss_bytes) : '—'} />
        <Big name={t.seen} value={u.last_heartbeat ? ago(ageOf(u, now)) : t.never} />
        <Big name={t.restarts} value={num(u.restarts)} />
        <div className="big">
          <span className="faint">{t.lastHour}</span>
          <HeartbeatBar beats={trend.beats} width={240} height={26} />
        </div>
      </div>
      <UnitCharts unit={u} height={180} />
      <div className="split">
        <div className="stack">
          <Section title={t.lastLines} actions={<Link href={href('unit', { id: u.unit_id, tab: 'logs' })}>{t.allLogs}</Link>}>
            <div className="log-small">
              <LogLive tail={log} />
            </div>
          </Section>
          <Section title={t.lastEvents} actions={<Link href={href('unit', { id: u.unit_id, tab: 'events' })}>{t.allEvents}</Link>}>
            {events?.length ? <EventList rows={events} /> : <p className="dim">{t.noEvents}</p>}
          </Section>
        </div>
        <Facts
          items={[
            [t.package, <Link key="p" href={href('package', { name: u.package_name })}>{`${u.package_name} ${u.version}`}</Link>],
            [t.host, [u.device_name, u.device_os].filter(Boolean).join(' · ') || '—'],
            [t.owner, u.owner],
            [t.project, project ? project.display_name : '—'],
            [t.desired, <StatusBadge key="d" name={u.desired === 'removed' ? 'stopped' : u.desired} />],
            [t.process, u.pid ?? '—'],
            [t.port, u.port ?? '—'],
            [t.startedAt, dateTime(u.started_at)],
            [t.stoppedAt, dateTime(u.stopped_at)],
            [t.exitCode, u.exit_code ?? '—'],
            [t.threads, u.threads ?? '—'],
            [t.files, u.open_files ?? '—'],
            [t.virtual, bytes(u.vsz_bytes)],
            [t.read, bytes(u.read_bytes)],
            [t.written, bytes(u.written_bytes)],
            [t.createdAt, dateTime(u.created_at)],
            [
              t.id,
              <span key="i" className="row">
                <code>{u.unit_id}</code> <CopyButton text={u.unit_id} />
              </span>
            ]
          ]}
        />
      </div>
    </>
  )
}

function Big({ name, value }: { name: string; value: string }) {
  return (
    <div className="big">
      <span className="faint">{name}</span>
      <strong className="num">{value}</strong>
    </div>
  )
}
