import { useDeferredValue, useState } from 'react'
import { api, url } from '@/api/client'
import { type ApiError, problemTitle } from '@/api/problem'
import { keepPreviousData, useInfiniteQuery } from '@/api/query'
import type { AuditPage as Answer, AuditEntry } from '@/api/schema.gen'
import { useParam } from '@/app/search'
import { useText } from '@/i18n'
import { dateTime, num } from '@/i18n/format'
import { Button, DataTable, Dialog, Facts, Loaded, notice, Page, SearchField, StatusBadge, TextField } from '@/ui'
import { AuditTarget } from './AuditTarget'
import { auditText } from './text'

type Filter = { user?: string; action?: string; text?: string; from?: string; to?: string }

const day = (text: string, end: boolean): string | undefined =>
  /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T${end ? '23:59:59.999' : '00:00:00'}`).toISOString() : undefined

function useAudit(filter: Filter) {
  return useInfiniteQuery<Answer, ApiError>({
    queryKey: ['GET /api/v1/audit', filter],
    initialPageParam: undefined,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      api('GET /api/v1/audit', { query: { limit: 100, ...filter, ...(pageParam ? { cursor: pageParam as number } : {}) } }, { signal }),
    getNextPageParam: last => last.next_cursor ?? undefined
  })
}

export default function AuditPage() {
  const t = useText(auditText)
  const [user, setUser] = useParam('user')
  const [action, setAction] = useParam('action')
  const [text, setText] = useParam('q')
  const [from, setFrom] = useParam('from')
  const [to, setTo] = useParam('to')
  const [open, setOpen] = useParam('entry')
  const [checking, setChecking] = useState(false)
  const asked: Filter = {}
  for (const [key, value] of [
    ['user', user],
    ['action', action],
    ['text', text],
    ['from', day(from, false)],
    ['to', day(to, true)]
  ] as const)
    if (value) asked[key] = value
  const filter = useDeferredValue(asked)
  const list = useAudit(filter)
  const rows = list.data?.pages.flatMap(p => p.items) ?? []
  const shown = rows.find(r => String(r.id) === open)
  const verify = async () => {
    setChecking(true)
    try {
      const s = await api('GET /api/v1/audit/verify')
      notice(s.intact ? 'ok' : 'err', s.intact ? t.intact(num(s.entries)) : t.broken(s.broken_at ?? 0))
    } catch (e) {
      notice('err', problemTitle(e))
    }
    setChecking(false)
  }
  const exportUrl = url('GET /api/v1/audit/export', { query: filter })
  return (
    <Page
      title={t.title}
      fill
      actions={
        <>
          <Button loading={checking} onClick={() => void verify()}>
            {t.verify}
          </Button>
          <a className="button-link" href={exportUrl} download="audit.ndjson">
            {t.exportAll}
          </a>
        </>
      }
      equivalent={{ api: [`GET ${url('GET /api/v1/audit', { query: filter })}`, `GET ${exportUrl}`, 'GET /api/v1/audit/verify'] }}
    >
      <search className="row">
        <SearchField label={t.search} value={text} onChange={setText} className="grow" />
        <TextField aria-label={t.person} placeholder={t.person} value={user} onChange={e => setUser(e.currentTarget.value)} />
        <TextField aria-label={t.action} placeholder={t.action} value={action} onChange={e => setAction(e.currentTarget.value)} />
        <TextField type="date" aria-label={t.from} value={from} onChange={e => setFrom(e.currentTarget.value)} />
        <span className="faint">–</span>
        <TextField type="date" aria-label={t.to} value={to} onChange={e => setTo(e.currentTarget.value)} />
      </search>
      <Loaded of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }} rows={10}>
        {() =>
          rows.length === 0 ? (
            <p className="empty-line">{t.none}</p>
          ) : (
            <DataTable
              label={t.title}
              fill
              rows={rows}
              rowKey={r => r.id}
              rowHeight={34}
              onOpen={r => setOpen(String(r.id), 'push')}
              footer={
                list.hasNextPage && (
                  <p className="table-more">
                    <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                      {t.more}
                    </Button>
                  </p>
                )
              }
              columns={[
                {
                  key: 'when',
                  title: t.when,
                  width: '150px',
                  render: r => (
                    <button type="button" className="link" onClick={() => setOpen(String(r.id), 'push')}>
                      {dateTime(r.at)}
                    </button>
                  )
                },
                {
                  key: 'who',
                  title: t.who,
                  width: 'minmax(90px, 0.7fr)',
                  render: r => (
                    <span>
                      {r.login ?? t.nobody} <span className="faint">{r.role}</span>
                    </span>
                  )
                },
                { key: 'what', title: t.what, width: 'minmax(120px, 0.8fr)', keep: true, render: r => <code>{r.action}</code> },
                {
                  key: 'target',
                  title: t.target,
                  width: 'minmax(120px, 1.4fr)',
                  minor: true,
                  render: r => <AuditTarget entry={r} />
                },
                {
                  key: 'outcome',
                  title: t.outcome,
                  width: '150px',
                  render: r => (
                    <StatusBadge name={r.outcome === 'ok' ? 'done' : 'refused'} {...(r.outcome === 'ok' ? {} : { word: r.outcome })} />
                  )
                },
                { key: 'source', title: t.source, width: '130px', minor: true, render: r => <span className="dim">{r.ip ?? '—'}</span> }
              ]}
            />
          )
        }
      </Loaded>
      {shown && <Entry entry={shown} onClose={() => setOpen('', 'push')} />}
    </Page>
  )
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** Names whose values differ, with both. */
export function changes(before: unknown, after: unknown): [string, unknown, unknown][] {
  if (!isObject(before) && !isObject(after)) return before === after || (before == null && after == null) ? [] : [['', before, after]]
  const b = isObject(before) ? before : {}
  const a = isObject(after) ? after : {}
  return [...new Set([...Object.keys(b), ...Object.keys(a)])]
    .filter(k => JSON.stringify(b[k]) !== JSON.stringify(a[k]))
    .map(k => [k, b[k], a[k]])
}

const shownValue = (v: unknown): string => (v === undefined ? '—' : typeof v === 'string' ? v : JSON.stringify(v))

function Entry({ entry: r, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const t = useText(auditText)
  const rows = changes(r.before, r.after)
  return (
    <Dialog title={t.details(r.id)} onClose={onClose} wide>
      <div className="stack">
        <Facts
          items={[
            [t.when, dateTime(r.at)],
            [t.who, `${r.login ?? t.nobody} (${r.role})`],
            [t.what, <code key="a">{r.action}</code>],
            [t.target, <AuditTarget key="t" entry={r} />],
            [
              t.outcome,
              <StatusBadge key="o" name={r.outcome === 'ok' ? 'done' : 'refused'} {...(r.outcome === 'ok' ? {} : { word: r.outcome })} />
            ],
            [t.reason, r.reason ?? '—'],
            [t.source, r.ip ?? '—'],
            [t.program, r.user_agent ?? '—'],
            [t.call, <code key="c">{r.method_path ?? '—'}</code>],
            [t.request, <code key="r">{r.request_id ?? '—'}</code>],
            [t.hash, <code key="h">{r.hash}</code>]
          ]}
        />
        <h3>{t.changed}</h3>
        {rows.length === 0 ? (
          <p className="dim">{t.nothingChanged}</p>
        ) : (
          <table className="diff">
            <thead>
              <tr>
                <th />
                <th>{t.before}</th>
                <th>{t.after}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, b, a]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{shownValue(b)}</td>
                  <td>{shownValue(a)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </Dialog>
  )
}
