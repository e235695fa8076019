import { Link, useLocation } from 'wouter'
import { api } from '@/api/client'
import { useApi, useQueryClient } from '@/api/query'
import { href } from '@/app/routes'
import { useParam } from '@/app/search'
import { useRight } from '@/app/session/session'
import { useText } from '@/i18n'
import { Button, DataTable, Dialog, Empty, FormError, Loaded, Page, Select, Submit, TextField, useForm, value } from '@/ui'
import { projectText } from './text'

export default function ProjectsPage() {
  const t = useText(projectText)
  const q = useApi('GET /api/v1/projects', { query: { limit: 200 } })
  const [makes, make] = useParam('new')
  const [, navigate] = useLocation()
  const may = useRight('project')
  const button = may && (
    <Button look="primary" onClick={() => make('1', 'push')}>
      {t.make}
    </Button>
  )
  return (
    <Page title={t.title} actions={button} equivalent={{ api: ['GET /api/v1/projects', 'POST /api/v1/projects'] }}>
      <Loaded of={q}>
        {page =>
          page.items.length === 0 ? (
            <Empty
              title={t.emptyTitle}
              command={`curl -X POST -H "Authorization: Bearer $NETBIT_TOKEN" -H "Content-Type: application/json" -d '{"name":"lab"}' ${location.origin}/api/v1/projects`}
              action={button}
            >
              {t.empty}
            </Empty>
          ) : (
            <DataTable
              label={t.title}
              rows={page.items}
              rowKey={p => p.id}
              rowHeight={40}
              onOpen={p => navigate(href('project', { id: p.id }))}
              columns={[
                {
                  key: 'title',
                  title: t.display,
                  width: 'minmax(160px, 1fr)',
                  render: p => (
                    <Link href={href('project', { id: p.id })} className="main">
                      {p.display_name}
                    </Link>
                  )
                },
                { key: 'name', title: t.name, width: 'minmax(100px, 0.6fr)', render: p => <code>{p.name}</code> },
                {
                  key: 'about',
                  title: t.description,
                  width: 'minmax(120px, 1.4fr)',
                  minor: true,
                  render: p => <span className="dim">{p.description ?? '—'}</span>
                },
                { key: 'sees', title: t.visibility, width: '190px', minor: true, render: p => t.visibilities[p.visibility] },
                { key: 'role', title: t.myRole, width: '120px', render: p => t.roles[p.my_role ?? 'none'] }
              ]}
            />
          )
        }
      </Loaded>
      {makes && <MakeProject onClose={() => make('', 'push')} />}
    </Page>
  )
}

const visibilities = ['private', 'node', 'public'] as const

export function VisibilitySelect({ initial }: { initial: string }) {
  const t = useText(projectText)
  return (
    <Select
      name="visibility"
      label={t.visibility}
      defaultValue={initial}
      data={visibilities.map(v => ({ value: v, label: t.visibilities[v] }))}
    />
  )
}

function MakeProject({ onClose }: { onClose: () => void }) {
  const t = useText(projectText)
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const form = useForm(
    async data => {
      const name = value(data, 'name') ?? ''
      const made = await api('POST /api/v1/projects', {
        body: {
          name,
          display_name: value(data, 'display_name') ?? name,
          description: value(data, 'description') ?? null,
          visibility: value(data, 'visibility') as 'private'
        }
      })
      await client.invalidateQueries({ queryKey: ['GET /api/v1/projects'] })
      navigate(href('project', { id: made.id }))
    },
    ['name', 'display_name', 'description', 'visibility']
  )
  return (
    <Dialog title={t.make} onClose={onClose}>
      <form onSubmit={form.onSubmit} className="stack">
        <TextField
          name="name"
          label={t.name}
          description={t.nameHint}
          required
          withAsterisk={false}
          autoFocus
          spellCheck={false}
          error={form.at('name')}
        />
        <TextField name="display_name" label={t.display} error={form.at('display_name')} />
        <TextField name="description" label={t.description} error={form.at('description')} />
        <VisibilitySelect initial="private" />
        <FormError form={form} />
        <div className="row end">
          <Button onClick={onClose}>{t.cancel}</Button>
          <Submit form={form}>{t.create}</Submit>
        </div>
      </form>
    </Dialog>
  )
}
