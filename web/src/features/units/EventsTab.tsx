import { useMemo } from 'react'
import { useApi } from '@/api/query'
import type { TelemetryRow, Unit } from '@/api/schema.gen'
import { eventText } from '@/app/units/said'
import { useText } from '@/i18n'
import { dateTime } from '@/i18n/format'
import { useTopicEvents } from '@/live'
import { DataTable, type Kind, Loaded, StatusShape, status } from '@/ui'
import { unitText } from './text'

const ask = (unit_id: string, type: 'event' | 'error', limit: number) => ({ path: { unit_id }, query: { type, limit } })

/** What happened to a unit, newest first: events and errors. What the agent has an event of is not told once more as a status. */
export function useUnitEvents(unit_id: string, limit: number): { rows: TelemetryRow[] | undefined; error: unknown; refetch: () => void } {
  const events = useApi('GET /api/spark/units/{unit_id}/telemetry', ask(unit_id, 'event', 2 * limit), { every: 5000, keep: true })
  const errors = useApi('GET /api/spark/units/{unit_id}/telemetry', ask(unit_id, 'error', limit), { every: 5000, keep: true })
  const refetch = () => void Promise.all([events.refetch(), errors.refetch()])
  useTopicEvents(`unit/${unit_id}/events`, refetch)
  const rows = useMemo(() => {
    if (!events.data || !errors.data) return undefined
    const own = [...events.data.telemetry, ...errors.data.telemetry].filter(r => dataOf(r).event).map(r => Date.parse(r.timestamp))
    const twice = (r: TelemetryRow) => r.message === 'status' && own.some(at => Math.abs(at - Date.parse(r.timestamp)) < 3000)
    const told = events.data.telemetry.filter(r => !twice(r))
    return [...told, ...errors.data.telemetry]
      .sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp) || b.id - a.id)
      .slice(0, limit)
  }, [events.data, errors.data, limit])
  return { rows, error: events.error ?? errors.error, refetch }
}

export function EventsTab({ unit: u }: { unit: Unit }) {
  const t = useText(unitText)
  const { rows, error, refetch } = useUnitEvents(u.unit_id, 200)
  return (
    <Loaded of={{ data: rows, error, isPending: !rows, refetch }}>
      {rows => (rows.length ? <EventList rows={rows} /> : <p className="dim">{t.noEvents}</p>)}
    </Loaded>
  )
}

function kindOf(r: TelemetryRow): Kind {
  if (r.level === 'error' || r.level === 'fatal') return 'err'
  if (r.level === 'warn') return 'warn'
  const { event, status: name } = dataOf(r)
  return r.message === 'status' && name ? status(name).kind : (kinds[event ?? ''] ?? 'info')
}
const kinds: Record<string, Kind> = { started: 'ok', healthy: 'ok', resumed: 'ok', stopped: 'idle', paused: 'idle' }

type Data = { event?: string; status?: string; pid?: number; exit_code?: number; restarts?: number; reason?: string }
const dataOf = (r: TelemetryRow): Data => (r.data ?? {}) as Data

/** What the agent and the server add to their events, in words; what a program adds as it is. */
function details(r: TelemetryRow, t: typeof unitText.en): string {
  if (r.data === null) return ''
  const d = dataOf(r)
  if (!d.event && r.message !== 'status') return JSON.stringify(r.data)
  const parts = [
    d.pid ? `${t.process} ${d.pid}` : '',
    d.exit_code ? `${t.exitCode} ${d.exit_code}` : '',
    d.restarts ? `${t.restarts} ${d.restarts}` : ''
  ]
  return parts.filter(Boolean).join(' · ')
}

export function EventList({ rows }: { rows: TelemetryRow[] }) {
  const t = useText(unitText)
  return (
    <DataTable
      label={t.tabs.events}
      rows={rows}
      rowKey={r => r.id}
      rowHeight={32}
      columns={[
        { key: 'when', title: t.when, width: '160px', render: r => <time dateTime={r.timestamp}>{dateTime(r.timestamp)}</time> },
        {
          key: 'what',
          title: t.what,
          width: 'minmax(160px, 1fr)',
          render: r => (
            <span className="row nowrap" title={eventText(r)}>
              <StatusShape kind={kindOf(r)} /> <span className="cut">{eventText(r)}</span>
            </span>
          )
        },
        {
          key: 'details',
          title: t.details,
          width: 'minmax(120px, 1fr)',
          minor: true,
          render: r => (
            <span className="faint" title={r.data === null ? '' : JSON.stringify(r.data)}>
              {details(r, t)}
            </span>
          )
        }
      ]}
    />
  )
}
