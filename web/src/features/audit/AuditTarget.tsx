import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { AuditEntry } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useRight } from '@/app/session/session'
import { useText } from '@/i18n'
import { auditText } from './text'

type Kind = keyof (typeof auditText)['en']['kinds']

/** Where a thing is shown; of others only the words say what they are. */
const places: Partial<Record<Kind, (id: string, name: string) => string>> = {
  unit: id => href('unit', { id }),
  package: id => href('package', { name: id }),
  project: id => href('project', { id }),
  user: (_, name) => `${href('users')}?q=${encodeURIComponent(name)}`,
  alert: () => href('alerts', { tab: 'history' }),
  alert_rule: id => `${href('alerts', { tab: 'rules' })}?rule=${encodeURIComponent(id)}`,
  alert_channel: () => href('alerts', { tab: 'channels' }),
  alert_silence: () => href('alerts', { tab: 'silences' })
}

/** The address of what an entry is about; null where there is no page of it, or none any more. */
export function targetPlace(r: Pick<AuditEntry, 'action' | 'target_kind' | 'target_id' | 'target'>): string | null {
  if (!r.target_kind || !r.target_id || r.action === `${r.target_kind}.delete`) return null
  return places[r.target_kind as Kind]?.(r.target_id, r.target ?? '') ?? null
}

export function AuditTarget({ entry: r }: { entry: AuditEntry }): ReactNode {
  const t = useText(auditText)
  const admin = useRight('admin')
  if (!r.target) return '—'
  const kind = r.target_kind && (t.kinds[r.target_kind as Kind] ?? r.target_kind)
  const place = r.target_kind === 'user' && !admin ? null : targetPlace(r) // an auditor has no list of people
  // An unnamed one is called "project 3" by the server: said in the reader's words.
  const name = r.target === `${r.target_kind} ${r.target_id}` ? r.target_id : r.target
  return (
    <span title={r.target}>
      {kind && <span className="faint">{kind} </span>}
      {place ? (
        <Link href={place} className="in-text">
          {name}
        </Link>
      ) : (
        name
      )}
    </span>
  )
}
