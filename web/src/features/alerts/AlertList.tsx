import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '@/api/client'
import { type ApiError, problemTitle } from '@/api/problem'
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@/api/query'
import type { Alert, AlertPage } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useRight } from '@/app/session/session'
import { useInProject } from '@/app/shell/project'
import { reasonText } from '@/app/units/said'
import { useText } from '@/i18n'
import { ago, dateTime, num, span } from '@/i18n/format'
import { useServerNow } from '@/live'
import { Button, type Column, DataTable, Empty, Loaded, notice, StatusBadge } from '@/ui'
import { AlertBulk } from './bulk'
import { ruleName, SilenceMenu } from './parts'
import { alertText } from './text'

const key = 'GET /api/v1/alerts'

function useAlerts(state: 'active' | 'all') {
  return useInfiniteQuery<AlertPage, ApiError>({
    queryKey: [key, state],
    initialPageParam: undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
    queryFn: ({ pageParam, signal }) =>
      api(key, { query: { state, limit: 100, ...(pageParam ? { cursor: pageParam as number } : {}) } }, { signal }),
    getNextPageParam: last => last.next_cursor ?? undefined
  })
}

export function AlertList({ state }: { state: 'active' | 'all' }) {
  const t = useText(alertText)
  const list = useAlerts(state)
  const inProject = useInProject()
  const columns = useColumns(state)
  const may = useRight('alert:write')
  const [picked, pick] = useState<ReadonlySet<string | number>>(new Set())
  return (
    <Loaded of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }}>
      {data => {
        const rows = data.pages.flatMap(p => p.alerts).filter(a => inProject(a.project_id))
        if (rows.length === 0 && picked.size === 0) return <Empty title={state === 'active' ? t.calm : t.none}>{t.calmText}</Empty>
        const table = (
          <DataTable
            label={t.tabs[state === 'active' ? 'active' : 'history']}
            rows={rows}
            rowKey={a => a.id}
            rowHeight={42}
            columns={columns}
            footer={
              list.hasNextPage && (
                <p className="table-more">
                  <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                    {t.more}
                  </Button>
                </p>
              )
            }
            {...(may && state === 'active' ? { picks: { picked, onPick: pick, name: nameOf } } : {})}
          />
        )
        return (
          <>
            {table}
            <AlertBulk picked={rows.filter(a => picked.has(a.id))} onClear={() => pick(new Set())} />
          </>
        )
      }}
    </Loaded>
  )
}

const nameOf = (a: Alert): string => `${ruleName(a.rule, a.rule_ru)}: ${a.subject}`

const stateOf = (a: Alert, now: number): string =>
  a.silenced_until && Date.parse(a.silenced_until) > now && a.state === 'firing' ? 'silenced' : a.state

/** The page of what an alert is about, where there is one. */
function Subject({ alert: a }: { alert: Alert }) {
  const unit = a.labels.unit_id ?? (/^[0-9a-f-]{36}$/.test(a.subject_key) ? a.subject_key : undefined)
  return unit ? <Link href={href('unit', { id: String(unit) })}>{a.subject}</Link> : <span>{a.subject}</span>
}

function useColumns(state: 'active' | 'all'): Column<Alert>[] {
  const t = useText(alertText)
  const now = useServerNow()
  const end = (a: Alert) => (a.ended_at ? Date.parse(a.ended_at) : now)
  const columns: Column<Alert>[] = [
    { key: 'state', title: t.state, width: '120px', render: a => <StatusBadge name={stateOf(a, now)} /> },
    {
      key: 'severity',
      title: t.severity,
      width: '130px',
      minor: true,
      render: a => <StatusBadge name={a.severity} word={t.severities[a.severity]} />
    },
    {
      key: 'rule',
      title: t.rule,
      width: 'minmax(120px, 1fr)',
      render: a => <span title={reasonText(a.note ?? '')}>{ruleName(a.rule, a.rule_ru)}</span>
    },
    { key: 'subject', title: t.subject, width: 'minmax(120px, 1fr)', render: a => <Subject alert={a} /> },
    {
      key: 'value',
      title: t.value,
      width: '90px',
      align: 'end',
      from: 760,
      render: a => (a.kind === 'unit_failed' || a.kind === 'absent' ? '—' : num(a.value, 1))
    },
    {
      key: 'since',
      title: t.since,
      width: '150px',
      minor: true,
      render: a => (
        <span title={dateTime(a.started_at)}>
          {state === 'active' ? ago((now - Date.parse(a.started_at)) / 1000) : dateTime(a.started_at)}
        </span>
      )
    },
    { key: 'known', title: t.known, width: '110px', from: 860, render: a => <span className="dim">{a.acknowledged_by ?? '—'}</span> }
  ]
  if (state === 'all')
    columns.push({
      key: 'lasted',
      title: t.lasted,
      width: '110px',
      align: 'end',
      from: 860,
      render: a => span((end(a) - Date.parse(a.started_at)) / 1000)
    })
  else
    columns.push({
      key: 'actions',
      title: '',
      label: t.actions,
      width: '210px',
      align: 'end',
      from: 600, // below that by picking rows
      render: a => <Actions alert={a} now={now} />
    })
  return columns
}

function Actions({ alert: a, now }: { alert: Alert; now: number }) {
  const t = useText(alertText)
  const client = useQueryClient()
  const may = useRight('alert:write')
  const told = (what: Promise<unknown>) =>
    what.then(
      () => client.invalidateQueries({ queryKey: [key] }),
      e => notice('err', problemTitle(e))
    )
  if (!may) return null
  if (stateOf(a, now) === 'silenced') return <span className="dim">{t.silencedUntil(dateTime(a.silenced_until))}</span>
  return (
    <span className="row nowrap end">
      {!a.acknowledged_at && (
        <Button look="quiet" onClick={() => void told(api('POST /api/v1/alerts/{id}/acknowledge', { path: { id: a.id } }))}>
          {t.acknowledge}
        </Button>
      )}
      <SilenceMenu
        look="quiet"
        onHours={h => void told(api('POST /api/v1/alerts/{id}/silence', { path: { id: a.id }, body: { for_s: h * 3600 } }))}
      />
    </span>
  )
}
