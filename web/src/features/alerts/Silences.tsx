import { api } from '@/api/client'
import { problemTitle } from '@/api/problem'
import { useApi, useQueryClient } from '@/api/query'
import { useRight } from '@/app/session/session'
import { useText } from '@/i18n'
import { dateTime } from '@/i18n/format'
import { Button, DataTable, Loaded, notice } from '@/ui'
import { ruleName } from './parts'
import { alertText } from './text'

export function Silences() {
  const t = useText(alertText)
  const client = useQueryClient()
  const may = useRight('alert:write')
  const q = useApi('GET /api/v1/alert-silences', {})
  const rules = useApi('GET /api/v1/alert-rules', {}).data?.rules ?? []
  const nameOf = (id: number | null | undefined) => {
    const rule = rules.find(r => r.id === id)
    return rule && ruleName(rule.name, rule.name_ru)
  }
  const end = (id: number) =>
    api('DELETE /api/v1/alert-silences/{id}', { path: { id } }).then(
      () => client.invalidateQueries({ queryKey: ['GET /api/v1/alert-silences'] }),
      e => notice('err', problemTitle(e))
    )
  return (
    <Loaded of={q}>
      {({ silences }) =>
        silences.length === 0 ? (
          <p className="dim">{t.noSilences}</p>
        ) : (
          <DataTable
            label={t.tabs.silences}
            rows={silences}
            rowKey={s => s.id}
            rowHeight={42}
            columns={[
              { key: 'rule', title: t.rule, width: 'minmax(140px, 1fr)', render: s => nameOf(s.rule_id) ?? t.all },
              {
                key: 'labels',
                title: t.labels,
                width: 'minmax(120px, 1fr)',
                minor: true,
                render: s => (
                  <code>
                    {Object.entries(s.labels ?? {})
                      .map(([k, v]) => `${k}=${v}`)
                      .join(' ')}
                  </code>
                )
              },
              { key: 'until', title: t.until, width: '170px', render: s => dateTime(s.until) },
              { key: 'reason', title: t.reason, width: 'minmax(120px, 1fr)', minor: true, render: s => s.reason ?? '—' },
              { key: 'by', title: t.by, width: '110px', minor: true, render: s => s.created_by ?? '—' },
              {
                key: 'actions',
                title: '',
                label: t.actions,
                width: '120px',
                align: 'end',
                render: s =>
                  may ? (
                    <Button look="quiet" onClick={() => void end(s.id)}>
                      {t.end}
                    </Button>
                  ) : null
              }
            ]}
          />
        )
      }
    </Loaded>
  )
}
