/* Doing one thing with several alerts. */
import { useState } from 'react'
import { api } from '@/api/client'
import { useQueryClient } from '@/api/query'
import type { Alert } from '@/api/schema.gen'
import { useText } from '@/i18n'
import { Button } from '@/ui'
import { BulkBar, BulkDialog } from '@/ui/Bulk'
import { ruleName, SilenceMenu } from './parts'
import { alertText } from './text'

/** hours: silenced for so long; undefined: acknowledged. */
type Asked = { alerts: Alert[]; hours?: number }

export function AlertBulk({ picked, onClear }: { picked: Alert[]; onClear: () => void }) {
  const t = useText(alertText)
  const client = useQueryClient()
  const [asked, ask] = useState<Asked | null>(null)
  const fresh = picked.filter(a => !a.acknowledged_at)
  const run = (id: number) =>
    asked?.hours
      ? api('POST /api/v1/alerts/{id}/silence', { path: { id }, body: { for_s: asked.hours * 3600 } })
      : api('POST /api/v1/alerts/{id}/acknowledge', { path: { id } })
  const close = () => {
    ask(null)
    onClear()
    void client.invalidateQueries({ queryKey: ['GET /api/v1/alerts'] })
  }
  return (
    <>
      <BulkBar count={picked.length} onClear={onClear}>
        <Button disabled={fresh.length === 0} onClick={() => ask({ alerts: fresh })}>
          {t.acknowledge}
          {fresh.length > 0 && fresh.length < picked.length && ` (${fresh.length})`}
        </Button>
        <SilenceMenu look="default" onHours={hours => ask({ alerts: picked, hours })} />
      </BulkBar>
      {asked && (
        <BulkDialog
          title={asked.hours ? t.bulkSilence(asked.alerts.length, asked.hours) : t.bulkKnown(asked.alerts.length)}
          action={asked.hours ? t.silence : t.acknowledge}
          items={asked.alerts.map(a => ({ key: a.id, name: `${ruleName(a.rule, a.rule_ru)}: ${a.subject}` }))}
          run={a => run(a.key)}
          onClose={close}
        >
          {asked.hours ? t.bulkSilenceText : t.bulkKnownText}
        </BulkDialog>
      )}
    </>
  )
}
