import { api } from '@/api/client'
import { useApi, useQueryClient } from '@/api/query'
import { useText } from '@/i18n'
import { bytes } from '@/i18n/format'
import { Facts, FormError, Loaded, StatusShape, Submit, TextField, useForm, value } from '@/ui'
import { nodeText } from './text'

/** What the node is called, and where its data lies: for its administrator. first: it is what the person came for. */
export function NodeForm({ action, first = false, onDone }: { action: string; first?: boolean; onDone: () => void }) {
  const t = useText(nodeText)
  const client = useQueryClient()
  const node = useApi('GET /api/v1/node', {})
  const form = useForm(
    async data => {
      client.setQueryData(['GET /api/v1/node', {}], await api('PATCH /api/v1/node', { body: { name: value(data, 'name') ?? null } }))
      onDone()
    },
    ['name']
  )
  return (
    <form onSubmit={form.onSubmit} className="stack narrow">
      <Loaded of={node}>
        {n => (
          <TextField
            name="name"
            label={t.name}
            description={t.nameHint}
            defaultValue={n.name ?? ''}
            placeholder={location.hostname}
            maxLength={60}
            autoFocus={first}
            error={form.at('name')}
          />
        )}
      </Loaded>
      <Storage />
      <FormError form={form} />
      <div>
        <Submit form={form} full={first}>
          {action}
        </Submit>
      </div>
    </form>
  )
}

const tight = 0.1 // share of the disk below which it is said

function Storage() {
  const t = useText(nodeText)
  const q = useApi('GET /api/v1/node/storage', {})
  return (
    <Loaded of={q} rows={2}>
      {s => {
        const low = s.disk_bytes !== null && (s.disk_free_bytes ?? 0) < s.disk_bytes * tight
        return (
          <>
            <Facts
              items={[
                [t.data, <code key="d">{s.data}</code>],
                [t.database, <code key="b">{s.database}</code>],
                [t.blobs, <code key="l">{s.blobs}</code>],
                [t.free, s.disk_bytes === null ? '—' : t.freeOf(bytes(s.disk_free_bytes), bytes(s.disk_bytes))]
              ]}
            />
            {low && (
              <p className="callout k-warn">
                <StatusShape kind="warn" />
                {t.low}
              </p>
            )}
          </>
        )
      }}
    </Loaded>
  )
}
