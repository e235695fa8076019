import { UserMinus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { api } from '@/api/client'
import { problemTitle } from '@/api/problem'
import { useApi, useQueryClient } from '@/api/query'
import type { Member, Project } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useSession } from '@/app/session/session'
import { tellCrumb } from '@/app/shell/Breadcrumbs'
import { useText } from '@/i18n'
import { date } from '@/i18n/format'
import {
  Button,
  Confirm,
  DataTable,
  Facts,
  FormError,
  IconButton,
  Loaded,
  notice,
  Page,
  Section,
  Select,
  Submit,
  TextField,
  useForm,
  value
} from '@/ui'
import { VisibilitySelect } from './ProjectsPage'
import { projectText } from './text'

export default function ProjectPage() {
  const { id = '' } = useParams()
  const q = useApi('GET /api/v1/projects/{id}', { path: { id: Number(id) } })
  const name = q.data?.display_name
  useEffect(() => (name ? tellCrumb(name) : undefined), [name])
  return q.data ? <View project={q.data} /> : <div className="page">{<Loaded of={q}>{() => null}</Loaded>}</div>
}

function View({ project: p }: { project: Project }) {
  const t = useText(projectText)
  const owner = p.my_role === 'owner'
  return (
    <Page
      title={p.display_name}
      equivalent={{
        api: [`GET /api/v1/projects/${p.id}`, `GET /api/v1/projects/${p.id}/members`, `PUT /api/v1/projects/${p.id}/members/LOGIN`]
      }}
    >
      <Facts
        items={[
          [t.name, <code key="n">{p.name}</code>],
          [t.visibility, t.visibilities[p.visibility]],
          [t.myRole, t.roles[p.my_role ?? 'none']],
          [t.since, date(p.created_at)]
        ]}
      />
      {p.description && <p>{p.description}</p>}
      <p className="row">
        <Link href={`~/p/${p.name}/units`}>{t.open}</Link>
        <Link href={`~/p/${p.name}/packages`}>{t.packages}</Link>
      </p>
      {p.my_role && <Members project={p} owner={owner} />}
      {owner && <Settings project={p} />}
    </Page>
  )
}

const roles = ['viewer', 'editor', 'owner'] as const

function Members({ project: p, owner }: { project: Project; owner: boolean }) {
  const t = useText(projectText)
  const { me } = useSession()
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [asked, ask] = useState<Member | null>(null)
  const q = useApi('GET /api/v1/projects/{id}/members', { path: { id: p.id } })
  const again = () => client.invalidateQueries({ queryKey: ['GET /api/v1/projects/{id}/members'] })
  const told = (what: Promise<unknown>) =>
    what.then(again, e => notice('err', `${problemTitle(e)}: ${e instanceof Error ? e.message : ''}`))
  const put = (login: string, role: Member['role']) =>
    api('PUT /api/v1/projects/{id}/members/{login}', { path: { id: p.id, login }, body: { role: role ?? 'viewer' } })
  const drop = async (m: Member) => {
    await api('DELETE /api/v1/projects/{id}/members/{login}', { path: { id: p.id, login: m.login } })
    await again()
    if (m.user_id !== me?.id) return
    await client.invalidateQueries({ queryKey: ['GET /api/v1/projects'] })
    navigate(href('projects'))
  }
  const form = useForm(
    async data => {
      await put(value(data, 'login') ?? '', value(data, 'role') as Member['role'])
      await again()
    },
    ['login', 'role']
  )
  const options = roles.map(r => ({ value: r, label: t.roles[r] }))
  return (
    <Section title={t.members}>
      <Loaded of={q}>
        {page => (
          <DataTable
            label={t.members}
            rows={page.items}
            rowKey={m => m.user_id}
            rowHeight={40}
            columns={[
              { key: 'login', title: t.login, width: 'minmax(120px, 1fr)', render: m => <strong>{m.login}</strong> },
              { key: 'name', title: t.person, width: 'minmax(120px, 1fr)', minor: true, render: m => m.display_name },
              {
                key: 'role',
                title: t.role,
                width: '150px',
                render: m =>
                  owner ? (
                    <Select
                      aria-label={`${t.role}: ${m.login}`}
                      value={m.role ?? 'viewer'}
                      onChange={e => void told(put(m.login, e.currentTarget.value as Member['role']))}
                      data={options}
                    />
                  ) : (
                    t.roles[m.role ?? 'none']
                  )
              },
              { key: 'since', title: t.since, width: '110px', minor: true, render: m => date(m.added_at) },
              {
                key: 'actions',
                title: '',
                label: t.actions,
                width: '36px',
                align: 'end',
                render: m =>
                  owner || m.user_id === me?.id ? (
                    <IconButton label={m.user_id === me?.id ? t.leave : `${t.remove}: ${m.login}`} onClick={() => ask(m)}>
                      <UserMinus size={16} />
                    </IconButton>
                  ) : null
              }
            ]}
          />
        )}
      </Loaded>
      {owner && (
        <form onSubmit={form.onSubmit} className="row inline-form" aria-label={t.addMember}>
          <TextField
            name="login"
            aria-label={t.login}
            placeholder={t.login}
            required
            error={form.at('login')}
            spellCheck={false}
            autoCapitalize="none"
          />
          <Select name="role" aria-label={t.role} data={options} />
          <Submit form={form}>{t.add}</Submit>
          <FormError form={form} />
        </form>
      )}
      {asked && (
        <Confirm
          title={asked.user_id === me?.id ? t.leaveAsk(p.display_name) : t.removeAsk(asked.login)}
          action={asked.user_id === me?.id ? t.leave : t.remove}
          danger
          onConfirm={() => drop(asked)}
          onClose={() => ask(null)}
        >
          {asked.user_id === me?.id ? t.leaveText : t.removeText}
        </Confirm>
      )}
    </Section>
  )
}

function Settings({ project: p }: { project: Project }) {
  const t = useText(projectText)
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [asks, ask] = useState(false)
  const again = () => client.invalidateQueries({ predicate: q => String(q.queryKey[0]).startsWith('GET /api/v1/projects') })
  const form = useForm(
    async data => {
      await api('PATCH /api/v1/projects/{id}', {
        path: { id: p.id },
        body: {
          display_name: value(data, 'display_name') ?? p.name,
          description: value(data, 'description') ?? null,
          visibility: value(data, 'visibility') as Project['visibility']
        }
      })
      await again()
      notice('ok', t.saved)
    },
    ['display_name', 'description', 'visibility']
  )
  return (
    <Section title={t.settings}>
      <form onSubmit={form.onSubmit} className="stack narrow">
        <TextField name="display_name" label={t.display} defaultValue={p.display_name} error={form.at('display_name')} />
        <TextField name="description" label={t.description} defaultValue={p.description ?? ''} error={form.at('description')} />
        <VisibilitySelect initial={p.visibility} />
        <FormError form={form} />
        <div className="row between">
          <Submit form={form}>{t.save}</Submit>
          <Button look="quiet" onClick={() => ask(true)}>
            {t.drop}
          </Button>
        </div>
      </form>
      {asks && (
        <Confirm
          title={t.dropAsk(p.display_name)}
          action={t.drop}
          danger
          typed={p.name}
          typeLabel={t.dropType}
          onConfirm={async () => {
            await api('DELETE /api/v1/projects/{id}', { path: { id: p.id } })
            await again()
            navigate(href('projects'))
          }}
          onClose={() => ask(false)}
        >
          {t.dropText}
        </Confirm>
      )}
    </Section>
  )
}
