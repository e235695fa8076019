import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { problemTitle } from '@/api/problem'
import { useApi, useQueryClient } from '@/api/query'
import type { AlertChannel } from '@/api/schema.gen'
import { useParam } from '@/app/search'
import { useRight } from '@/app/session/session'
import { useProjects } from '@/app/shell/project'
import { useLang, useText } from '@/i18n'
import { date } from '@/i18n/format'
import {
  Button,
  Confirm,
  DataTable,
  Dialog,
  Empty,
  FormError,
  IconButton,
  Loaded,
  notice,
  Select,
  Submit,
  TextField,
  useForm,
  value
} from '@/ui'
import { alertText } from './text'

const kinds = ['webhook', 'slack', 'teams', 'telegram', 'email'] as const
type Kind = (typeof kinds)[number]

export function Channels() {
  const t = useText(alertText)
  const client = useQueryClient()
  const may = useRight('alert:write')
  const projects = useProjects()
  const q = useApi('GET /api/v1/alert-channels', {})
  const [makes, make] = useParam('new')
  const [dropped, drop] = useState<AlertChannel | null>(null)
  const [testing, setTesting] = useState(0)
  const again = () => client.invalidateQueries({ queryKey: ['GET /api/v1/alert-channels'] })
  const test = async (c: AlertChannel) => {
    setTesting(c.id)
    try {
      const r = await api('POST /api/v1/alert-channels/{id}/test', { path: { id: c.id } })
      notice(r.delivered ? 'ok' : 'err', r.delivered ? t.tested : t.notTested(r.error ?? ''))
    } catch (e) {
      notice('err', problemTitle(e))
    }
    setTesting(0)
  }
  const button = may && (
    <Button look="primary" onClick={() => make('1', 'push')}>
      {t.newChannel}
    </Button>
  )
  return (
    <>
      <Loaded of={q}>
        {({ channels }) =>
          channels.length === 0 ? (
            <Empty
              title={t.noChannels}
              action={button}
              command={`curl -X POST -H "Authorization: Bearer $NETBIT_TOKEN" -H "Content-Type: application/json" -d '{"name":"ops","kind":"webhook","url":"https://..."}' ${location.origin}/api/v1/alert-channels`}
            >
              {t.noChannelsText}
            </Empty>
          ) : (
            <>
              <div>{button}</div>
              <DataTable
                label={t.tabs.channels}
                rows={channels}
                rowKey={c => c.id}
                rowHeight={42}
                columns={[
                  { key: 'name', title: t.name, width: 'minmax(140px, 1fr)', render: c => <strong>{c.name}</strong> },
                  { key: 'kind', title: t.how, width: '120px', render: c => t.channelKinds[c.kind] },
                  { key: 'target', title: t.target, width: 'minmax(120px, 1fr)', minor: true, render: c => c.target ?? '—' },
                  {
                    key: 'where',
                    title: t.project,
                    width: '150px',
                    minor: true,
                    render: c => projects.find(p => p.id === c.project_id)?.display_name ?? t.mine
                  },
                  { key: 'since', title: t.since, width: '110px', from: 860, render: c => date(c.created_at) },
                  {
                    key: 'actions',
                    title: '',
                    label: t.actions,
                    width: '190px',
                    align: 'end',
                    render: c =>
                      may ? (
                        <span className="row nowrap end">
                          <Button look="quiet" loading={testing === c.id} onClick={() => void test(c)}>
                            {t.test}
                          </Button>
                          <IconButton label={`${t.remove}: ${c.name}`} onClick={() => drop(c)}>
                            <Trash2 size={16} />
                          </IconButton>
                        </span>
                      ) : null
                  }
                ]}
              />
            </>
          )
        }
      </Loaded>
      {makes && <MakeChannel onDone={() => void again()} onClose={() => make('', 'push')} />}
      {dropped && (
        <Confirm
          title={t.removeChannel(dropped.name)}
          action={t.remove}
          danger
          onConfirm={() => api('DELETE /api/v1/alert-channels/{id}', { path: { id: dropped.id } }).then(again)}
          onClose={() => drop(null)}
        >
          {t.removeChannelText}
        </Confirm>
      )}
    </>
  )
}

const needsUrl = (k: Kind): boolean => k === 'webhook' || k === 'slack' || k === 'teams'

function MakeChannel({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const t = useText(alertText)
  const lang = useLang()
  const projects = useProjects()
  const [kind, setKind] = useState<Kind>('webhook')
  const form = useForm(
    async data => {
      const project = value(data, 'project_id')
      const more = {
        ...(value(data, 'url') ? { url: value(data, 'url') } : {}),
        ...(value(data, 'secret') ? { secret: value(data, 'secret') } : {}),
        ...(value(data, 'target') ? { target: value(data, 'target') } : {})
      }
      await api('POST /api/v1/alert-channels', {
        body: {
          name: value(data, 'name') ?? '',
          kind,
          language: value(data, 'language') as 'en',
          project_id: project ? Number(project) : null,
          ...more
        }
      })
      onDone()
      onClose()
    },
    ['name', 'kind', 'url', 'secret', 'target', 'language', 'project_id']
  )
  return (
    <Dialog title={t.newChannel} onClose={onClose}>
      <form onSubmit={form.onSubmit} className="stack">
        <TextField name="name" label={t.name} required withAsterisk={false} error={form.at('name')} />
        <Select
          name="kind"
          label={t.how}
          value={kind}
          onChange={e => setKind(e.currentTarget.value as Kind)}
          data={kinds.map(k => ({ value: k, label: t.channelKinds[k] }))}
        />
        {needsUrl(kind) && (
          <TextField name="url" type="url" label={t.url} required withAsterisk={false} error={form.at('url')} spellCheck={false} />
        )}
        {t.targetHint[kind] && (
          <TextField
            name="target"
            label={t.target}
            description={t.targetHint[kind]}
            required
            withAsterisk={false}
            error={form.at('target')}
          />
        )}
        {t.secretHint[kind] && (
          <TextField
            name="secret"
            label={t.secret}
            description={t.secretHint[kind]}
            required={kind === 'telegram'}
            withAsterisk={false}
            error={form.at('secret')}
            spellCheck={false}
          />
        )}
        <Select
          name="language"
          label={t.language}
          defaultValue={lang}
          data={[
            { value: 'en', label: 'English' },
            { value: 'ru', label: 'Русский' }
          ]}
        />
        <Select
          name="project_id"
          label={t.project}
          data={[{ value: '', label: t.mine }, ...projects.map(p => ({ value: String(p.id), label: p.display_name }))]}
        />
        <FormError form={form} />
        <div className="row end">
          <Button onClick={onClose}>{t.cancel}</Button>
          <Submit form={form}>{t.makeChannel}</Submit>
        </div>
      </form>
    </Dialog>
  )
}
