import { useEffect } from 'react'
import { useParams } from 'wouter'
import type { Unit } from '@/api/schema.gen'
import { NotFound } from '@/app/errors/NotFound'
import { href } from '@/app/routes'
import { tellCrumb } from '@/app/shell/Breadcrumbs'
import { useUnit } from '@/app/units/queries'
import { reasonText } from '@/app/units/said'
import { unitState } from '@/app/units/state'
import { useText } from '@/i18n'

import { useAtNow } from '@/live'
import { ErrorCard, Loading, Page, StatusBadge, StatusShape, status, Tabs } from '@/ui'

import { UnitButtons } from './actions'
import { EventsTab } from './EventsTab'
import { LogsTab } from './LogsTab'
import { MetricsTab } from './MetricsTab'
import { OverviewTab } from './OverviewTab'
import { unitText } from './text'
import './units.css'
import { VersionsTab } from './VersionsTab'

const tabs = ['overview', 'metrics', 'logs', 'events', 'versions'] as const
type Tab = (typeof tabs)[number]
const views: Record<Tab, (p: { unit: Unit }) => React.ReactNode> = {
  overview: OverviewTab,
  metrics: MetricsTab,
  logs: LogsTab,
  events: EventsTab,
  versions: VersionsTab
}

export default function UnitPage() {
  const { id = '', tab = 'overview' } = useParams()
  const q = useUnit(id)
  const name = q.data?.name
  useEffect(() => (name ? tellCrumb(name) : undefined), [name])
  if (!(tabs as readonly string[]).includes(tab)) return <NotFound />
  if (q.data) return <View unit={q.data} tab={tab as Tab} />
  return <div className="page">{q.error ? <ErrorCard error={q.error} onRetry={() => void q.refetch()} /> : <Loading rows={6} />}</div>
}

function View({ unit: u, tab }: { unit: Unit; tab: Tab }) {
  const t = useText(unitText)
  const state = useAtNow(now => unitState(u, now))
  const Body = views[tab]
  const equivalent = {
    cli: [`spark status`, `spark logs ${u.name} -n 100 -f`, `spark restart ${u.name}`, `spark stop ${u.name}`],
    api: [
      `GET /api/spark/units/${u.unit_id}`,
      `GET /api/spark/units/${u.unit_id}/logs?limit=100`,
      `POST /api/spark/units/${u.unit_id}/restart`
    ]
  }
  return (
    <Page
      title={u.name}
      tab={`${mark[status(state).kind]} ${u.name}`}
      fill={tab === 'logs'}
      below={<StatusBadge name={state} tint />}
      actions={<UnitButtons unit={u} />}
      equivalent={equivalent}
    >
      <Tabs
        label={u.name}
        tabs={tabs.map(k => ({
          href: href('unit', { id: u.unit_id, ...(k === 'overview' ? {} : { tab: k }) }),
          name: t.tabs[k],
          here: k === tab
        }))}
      />
      {u.command_error && (
        <p className="callout k-err" role="alert">
          <StatusShape kind="err" />
          {t.failedAction(u.command_error)}
        </p>
      )}
      {u.status === 'failed' && u.reason && (
        <p className="callout k-err">
          <StatusShape kind="err" />
          <span>
            {t.reason}: {reasonText(u.reason)}
          </span>
        </p>
      )}
      <Body unit={u} />
    </Page>
  )
}

const mark = { ok: '●', warn: '▲', err: '✕', info: '◌', pend: '◔', idle: '■', unknown: '?' }
