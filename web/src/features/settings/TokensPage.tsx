import { useState } from 'react'
import { api } from '@/api/client'
import { useApi, useQueryClient } from '@/api/query'
import type { Token, TokenMade } from '@/api/schema.gen'
import { useParam } from '@/app/search'
import { hasRight, useSession } from '@/app/session/session'
import { useProjects } from '@/app/shell/project'
import { useText } from '@/i18n'
import { date, dateTime } from '@/i18n/format'
import { useServerNow } from '@/live'
import {
  Button,
  Checkbox,
  Confirm,
  CopyLine,
  DataTable,
  Dialog,
  Empty,
  FormError,
  Loaded,
  Select,
  StatusBadge,
  Submit,
  TextField,
  useForm,
  value
} from '@/ui'
import { SettingsFrame } from './Frame'
import { settingsText } from './text'

export default function TokensPage() {
  const t = useText(settingsText)
  const q = useApi('GET /api/v1/tokens', {})
  const client = useQueryClient()
  const projects = useProjects()
  const now = useServerNow()
  const [makes, make] = useParam('new')
  const [asked, ask] = useState<Token | null>(null)
  const again = () => client.invalidateQueries({ queryKey: ['GET /api/v1/tokens'] })
  const button = (
    <Button look="primary" onClick={() => make('1', 'push')}>
      {t.makeToken}
    </Button>
  )
  return (
    <SettingsFrame
      tab="tokens"
      actions={button}
      equivalent={{ cli: ['spark login', 'netbit token create'], api: ['GET /api/v1/tokens', 'POST /api/v1/tokens'] }}
    >
      <p className="dim">{t.tokensLead}</p>
      <Loaded of={q}>
        {page =>
          page.items.length === 0 ? (
            <Empty title={t.noTokens} command={`spark login ${location.origin}`}>
              {t.noTokensText}
            </Empty>
          ) : (
            <DataTable
              label={t.tabs.tokens}
              rows={page.items}
              rowKey={x => x.id}
              rowHeight={40}
              columns={[
                {
                  key: 'name',
                  title: t.name,
                  width: 'minmax(140px, 1fr)',
                  render: x => (
                    <span>
                      <strong>{x.name}</strong> {x.expires_at && Date.parse(x.expires_at) < now && <StatusBadge name="expired" />}
                    </span>
                  )
                },
                { key: 'scopes', title: t.scopes, width: 'minmax(160px, 1.4fr)', render: x => <code title={x.scopes}>{x.scopes}</code> },
                {
                  key: 'project',
                  title: t.project,
                  width: '140px',
                  minor: true,
                  render: x => projects.find(p => p.id === x.project_id)?.display_name ?? '—'
                },
                { key: 'created', title: t.created, width: '100px', minor: true, render: x => date(x.created_at) },
                { key: 'used', title: t.lastUsed, width: '150px', minor: true, render: x => dateTime(x.last_used_at) },
                { key: 'until', title: t.until, width: '110px', render: x => (x.expires_at ? date(x.expires_at) : t.never) },
                {
                  key: 'actions',
                  title: '',
                  label: t.actions,
                  width: '120px',
                  align: 'end',
                  render: x => (
                    <Button look="quiet" onClick={() => ask(x)}>
                      {t.revoke}
                    </Button>
                  )
                }
              ]}
            />
          )
        }
      </Loaded>
      {makes && <MakeToken onMade={() => void again()} onClose={() => make('', 'push')} />}
      {asked && (
        <Confirm
          title={t.revokeAsk(asked.name)}
          action={t.revoke}
          danger
          onConfirm={() => api('DELETE /api/v1/tokens/{id}', { path: { id: asked.id } }).then(again)}
          onClose={() => ask(null)}
        >
          {t.revokeText}
        </Confirm>
      )}
    </SettingsFrame>
  )
}

function MakeToken({ onMade, onClose }: { onMade: () => void; onClose: () => void }) {
  const t = useText(settingsText)
  const { me } = useSession()
  const projects = useProjects()
  const [made, setMade] = useState<TokenMade | null>(null)
  const form = useForm(
    async data => {
      const until = value(data, 'expires_at')
      const project = value(data, 'project_id')
      setMade(
        await api('POST /api/v1/tokens', {
          body: {
            name: value(data, 'name') ?? '',
            scopes: data.getAll('scopes').join(' '),
            project_id: project ? Number(project) : null,
            expires_at: until ? new Date(`${until}T23:59:59`).toISOString() : null
          }
        })
      )
      onMade()
    },
    ['name', 'scopes', 'project_id', 'expires_at']
  )
  if (made)
    return (
      <Dialog title={made.name} onClose={onClose}>
        <div className="secret">
          <p>{t.made}</p>
          <CopyLine text={made.token} />
          <div className="row end">
            <Button look="primary" onClick={onClose}>
              {t.done}
            </Button>
          </div>
        </div>
      </Dialog>
    )
  return (
    <Dialog title={t.makeToken} onClose={onClose}>
      <form onSubmit={form.onSubmit} className="stack">
        <TextField name="name" label={t.name} required withAsterisk={false} autoFocus error={form.at('name')} />
        <fieldset className="stack tight">
          <legend className="field">{t.scopes}</legend>
          {Object.entries(t.scope)
            .filter(([s]) => hasRight(me, s))
            .map(([s, label]) => (
              <Checkbox
                key={s}
                name="scopes"
                value={s}
                defaultChecked={s === 'package:read' || s === 'unit:read'}
                label={
                  <>
                    <code>{s}</code> <span className="dim">{label}</span>
                  </>
                }
              />
            ))}
          {form.at('scopes') && <p className="error-line">{form.at('scopes')}</p>}
        </fieldset>
        <Select
          name="project_id"
          label={t.project}
          data={[{ value: '', label: t.anyProject }, ...projects.map(p => ({ value: String(p.id), label: p.display_name }))]}
        />
        <TextField name="expires_at" type="date" label={t.until} error={form.at('expires_at')} />
        <FormError form={form} />
        <div className="row end">
          <Button onClick={onClose}>{t.cancel}</Button>
          <Submit form={form}>{t.make}</Submit>
        </div>
      </form>
    </Dialog>
  )
}
