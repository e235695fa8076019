import { useApi } from '@/api/query'
import type { TelemetryRow, Unit } from '@/api/schema.gen'
import { eventText } from '@/app/units/said'
import { useText } from '@/i18n'
import { dateTime } from '@/i18n/format'
import { useTopicEvents } from '@/live'
import { DataTable, Loaded, StatusShape } from '@/ui'
import { unitText } from './text'

/** What happened to a unit, newest first. */
export function EventsTab({ unit: u }: { unit: Unit }) {
  const t = useText(unitText)
  const q = useApi(
    'GET /api/spark/units/{unit_id}/telemetry',
    { path: { unit_id: u.unit_id }, query: { type: 'event', limit: 200 } },
    { every: 3000, keep: true }
  )
  useTopicEvents(`unit/${u.unit_id}/events`, () => void q.refetch())
  return (
    <Loaded of={q}>{page => (page.telemetry.length ? <EventList rows={page.telemetry} /> : <p className="dim">{t.noEvents}</p>)}</Loaded>
  )
}

const kindOf = (level: string | null) => (level === 'error' || level === 'fatal' ? 'err' : level === 'warn' ? 'warn' : 'info')

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
              <StatusShape kind={kindOf(r.level)} /> <span className="cut">{eventText(r)}</span>
            </span>
          )
        },
        {
          key: 'details',
          title: t.details,
          width: 'minmax(120px, 1fr)',
          minor: true,
          render: r => (
            <code className="faint" title={r.data === null ? '' : JSON.stringify(r.data)}>
              {r.data === null ? '' : JSON.stringify(r.data)}
            </code>
          )
        }
      ]}
    />
  )
}
