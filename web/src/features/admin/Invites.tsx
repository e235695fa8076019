import { useState } from 'react'
import { api } from '@/api/client'
import { problemTitle } from '@/api/problem'
import { useApi, useQueryClient } from '@/api/query'
import type { Invite, InviteMade } from '@/api/schema.gen'
import { useText } from '@/i18n'
import { date } from '@/i18n/format'
import { useServerNow } from '@/live'
import {
  Button,
  CopyLine,
  DataTable,
  Dialog,
  Empty,
  FormError,
  Loaded,
  notice,
  Select,
  StatusBadge,
  Submit,
  TextField,
  useForm,
  value
} from '@/ui'
import { adminText } from './text'

export function Invites() {
  const t = useText(adminText)
  const q = useApi('GET /api/v1/invites', { query: { limit: 100 } })
  const client = useQueryClient()
  const now = useServerNow()
  const [makes, make] = useState(false)
  const again = () => client.invalidateQueries({ queryKey: ['GET /api/v1/invites'] })
  const state = (i: Invite) => (i.used_at ? 'used' : Date.parse(i.expires_at) < now ? 'expired' : 'active')
  const takeBack = (id: number) => api('DELETE /api/v1/invites/{id}', { path: { id } }).then(again, e => notice('err', problemTitle(e)))
  const button = (
    <Button look="primary" onClick={() => make(true)}>
      {t.invite}
    </Button>
  )
  return (
    <>
      <Loaded of={q}>
        {page =>
          page.items.length === 0 ? (
            <Empty title={t.noInvites} command="netbit user add LOGIN" action={button}>
              {t.noInvitesText}
            </Empty>
          ) : (
            <>
              <div className="row">{button}</div>
              <DataTable
                label={t.invites}
                rows={page.items}
                rowKey={i => i.id}
                columns={[
                  { key: 'note', title: t.note, width: 'minmax(140px, 1fr)', render: i => i.note ?? '—' },
                  { key: 'role', title: t.role, width: '130px', render: i => t.roles[i.role] },
                  { key: 'state', title: t.state, width: '140px', render: i => <StatusBadge name={state(i)} /> },
                  { key: 'created', title: t.created, width: '110px', minor: true, render: i => date(i.created_at) },
                  { key: 'until', title: t.until, width: '120px', minor: true, render: i => date(i.expires_at) },
                  { key: 'by', title: t.usedBy, width: '140px', minor: true, render: i => i.used_by ?? '—' },
                  {
                    key: 'actions',
                    title: '',
                    label: t.actions,
                    width: '140px',
                    align: 'end',
                    render: i =>
                      state(i) === 'active' ? (
                        <Button look="quiet" onClick={() => void takeBack(i.id)}>
                          {t.takeBack}
                        </Button>
                      ) : null
                  }
                ]}
              />
            </>
          )
        }
      </Loaded>
      {makes && <MakeInvite onMade={() => void again()} onClose={() => make(false)} />}
    </>
  )
}

function MakeInvite({ onMade, onClose }: { onMade: () => void; onClose: () => void }) {
  const t = useText(adminText)
  const [made, setMade] = useState<InviteMade | null>(null)
  const form = useForm(
    async data => {
      const invite = await api('POST /api/v1/invites', {
        body: { note: value(data, 'note') ?? null, role: value(data, 'role') as 'user', days: Number(value(data, 'days') ?? 7) }
      })
      setMade(invite)
      onMade()
    },
    ['note', 'role', 'days']
  )
  return (
    <Dialog title={t.invite} onClose={onClose}>
      {made ? (
        <div className="secret">
          <p>{t.made}</p>
          <CopyLine text={`${location.origin}/join?code=${made.code}`} />
          <p className="dim">
            {t.until} {date(made.expires_at)}
          </p>
          <div className="row end">
            <Button look="primary" onClick={onClose}>
              {t.done}
            </Button>
          </div>
        </div>
      ) : (
        <form onSubmit={form.onSubmit} className="stack">
          <TextField name="note" label={t.note} error={form.at('note')} />
          <Select
            name="role"
            label={t.role}
            data={[
              { value: 'user', label: t.roles.user },
              { value: 'auditor', label: t.roles.auditor }
            ]}
          />
          <TextField name="days" label={t.days} type="number" min={1} max={365} defaultValue={7} error={form.at('days')} />
          <FormError form={form} />
          <div className="row end">
            <Submit form={form}>{t.make}</Submit>
          </div>
        </form>
      )}
    </Dialog>
  )
}
