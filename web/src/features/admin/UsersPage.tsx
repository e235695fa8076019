import { Ellipsis } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { api } from '@/api/client'
import { type ApiError, problemTitle } from '@/api/problem'
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@/api/query'
import type { ResetLink, User, UserPage } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useParam } from '@/app/search'
import { useSession } from '@/app/session/session'
import { useText } from '@/i18n'
import { dateTime } from '@/i18n/format'
import { Button, Confirm, CopyLine, DataTable, Dialog, IconButton, Loaded, Menu, notice, Page, SearchField, StatusBadge, Tabs } from '@/ui'
import { Invites } from './Invites'
import { adminText } from './text'

export default function UsersPage() {
  const t = useText(adminText)
  const [tab] = useParam('tab')
  const invites = tab === 'invites'
  return (
    <Page
      title={t.title}
      equivalent={{
        cli: ['netbit user list', 'netbit user add', 'netbit user reset LOGIN', 'netbit user block LOGIN'],
        api: ['GET /api/v1/users', 'POST /api/v1/invites', 'POST /api/v1/users/1/reset']
      }}
    >
      <Tabs
        label={t.title}
        tabs={[
          { href: href('users'), name: t.people, here: !invites },
          { href: `${href('users')}?tab=invites`, name: t.invites, here: invites }
        ]}
      />
      {invites ? <Invites /> : <People />}
    </Page>
  )
}

function usePeople(text: string) {
  return useInfiniteQuery<UserPage, ApiError>({
    queryKey: ['GET /api/v1/users', 'pages', text],
    initialPageParam: undefined,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      api(
        'GET /api/v1/users',
        { query: { limit: 100, ...(text ? { text } : {}), ...(pageParam ? { cursor: pageParam as number } : {}) } },
        { signal }
      ),
    getNextPageParam: last => last.next_cursor ?? undefined
  })
}

function People() {
  const t = useText(adminText)
  const { me } = useSession()
  const [q, setQ] = useParam('q')
  const list = usePeople(useDeferredValue(q.trim()))
  const [link, setLink] = useState<ResetLink | null>(null)
  return (
    <>
      <search>
        <SearchField label={t.search} value={q} onChange={setQ} className="package-search" />
      </search>
      <Loaded of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }}>
        {data => (
          <DataTable
            label={t.people}
            rows={data.pages.flatMap(p => p.items)}
            rowKey={u => u.id}
            rowHeight={40}
            footer={
              list.hasNextPage && (
                <p className="table-more">
                  <Button onClick={() => void list.fetchNextPage()}>{t.more}</Button>
                </p>
              )
            }
            columns={[
              {
                key: 'login',
                title: t.login,
                width: 'minmax(120px, 1fr)',
                render: u => (
                  <span>
                    <strong>{u.login}</strong> {u.id === me?.id && <span className="faint">({t.you})</span>}
                  </span>
                )
              },
              { key: 'name', title: t.name, width: 'minmax(120px, 1fr)', minor: true, render: u => u.display_name },
              {
                key: 'email',
                title: t.email,
                width: 'minmax(120px, 1fr)',
                minor: true,
                render: u => <span className="dim">{u.email ?? '—'}</span>
              },
              { key: 'role', title: t.role, width: '130px', render: u => t.roles[u.role] },
              { key: 'state', title: t.state, width: '140px', render: u => <StatusBadge name={u.blocked ? 'blocked' : 'active'} /> },
              {
                key: 'totp',
                title: t.totp,
                width: '140px',
                minor: true,
                render: u => <span className="dim">{u.totp ? t.yes : t.no}</span>
              },
              {
                key: 'seen',
                title: t.lastSeen,
                width: '150px',
                minor: true,
                render: u => <span className="dim">{dateTime(u.last_login_at)}</span>
              },
              {
                key: 'actions',
                title: '',
                label: t.actions,
                width: '36px',
                render: u => (u.id === me?.id ? null : <UserActions user={u} onLink={setLink} />)
              }
            ]}
          />
        )}
      </Loaded>
      {link && (
        <Dialog title={t.resetLink} onClose={() => setLink(null)}>
          <div className="secret">
            <p>{t.resetText}</p>
            <CopyLine text={`${location.origin}/reset?token=${link.token}`} />
            <p className="dim">
              {t.until} {dateTime(link.expires_at)}
            </p>
          </div>
        </Dialog>
      )}
    </>
  )
}

const roles = ['user', 'auditor', 'admin'] as const

function UserActions({ user: u, onLink }: { user: User; onLink: (link: ResetLink) => void }) {
  const t = useText(adminText)
  const client = useQueryClient()
  const [asked, ask] = useState<'block' | 'remove' | null>(null)
  const again = () => client.invalidateQueries({ queryKey: ['GET /api/v1/users'] })
  const update = (body: { role?: User['role']; blocked?: boolean; totp?: boolean }) =>
    api('PATCH /api/v1/users/{id}', { path: { id: u.id }, body }).then(again)
  const now = (what: Promise<unknown>) => what.catch(e => notice('err', `${problemTitle(e)}: ${e instanceof Error ? e.message : ''}`))
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <IconButton label={t.actionsOf(u.login)}>
            <Ellipsis size={16} />
          </IconButton>
        </Menu.Target>
        <Menu.Dropdown>
          {roles
            .filter(r => r !== u.role)
            .map(r => (
              <Menu.Item key={r} onClick={() => now(update({ role: r }))}>
                {t.makeRole(t.roles[r])}
              </Menu.Item>
            ))}
          <Menu.Divider />
          <Menu.Item onClick={() => now(api('POST /api/v1/users/{id}/reset', { path: { id: u.id } }).then(onLink))}>
            {t.resetLink}
          </Menu.Item>
          {u.totp && <Menu.Item onClick={() => now(update({ totp: false }))}>{t.totpOff}</Menu.Item>}
          <Menu.Item onClick={() => (u.blocked ? now(update({ blocked: false })) : ask('block'))}>
            {u.blocked ? t.unblock : t.block}
          </Menu.Item>
          <Menu.Item className="danger" onClick={() => ask('remove')}>
            {t.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked === 'block' && (
        <Confirm title={t.blockAsk(u.login)} action={t.block} danger onConfirm={() => update({ blocked: true })} onClose={() => ask(null)}>
          {t.blockText}
        </Confirm>
      )}
      {asked === 'remove' && (
        <Confirm
          title={t.removeAsk(u.login)}
          action={t.remove}
          danger
          typed={u.login}
          typeLabel={t.removeType}
          onConfirm={() => api('DELETE /api/v1/users/{id}', { path: { id: u.id } }).then(again)}
          onClose={() => ask(null)}
        >
          {t.removeText}
        </Confirm>
      )}
    </>
  )
}
