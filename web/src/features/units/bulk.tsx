/* Doing one thing with several units. */
import { Play, RotateCw, Square, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Unit } from '@/api/schema.gen'
import { useUnitCommand, type Verb } from '@/app/units/queries'
import { unitState } from '@/app/units/state'
import { useText } from '@/i18n'
import { live, useLiveStatus } from '@/live'
import { Button, status } from '@/ui'
import { BulkBar, BulkDialog, type Outcome } from '@/ui/Bulk'
import { allowed } from './actions'
import { unitText } from './text'

const verbs = ['start', 'stop', 'restart', 'remove'] as const satisfies Verb[]
type BulkVerb = (typeof verbs)[number]
const icons = { start: <Play size={13} />, stop: <Square size={13} />, restart: <RotateCw size={13} />, remove: <Trash2 size={13} /> }

/** all: the units as they are now; picked: those in sight that are picked. */
export function UnitBulk({ all, picked, onClear }: { all: Unit[]; picked: Unit[]; onClear: () => void }) {
  const t = useText(unitText)
  const command = useUnitCommand()
  const offline = useLiveStatus().state === 'offline'
  const [asked, ask] = useState<{ verb: BulkVerb; units: Unit[] } | null>(null)
  const those = (verb: BulkVerb) => picked.filter(u => allowed(u).includes(verb))
  const follow = (unit_id: string): Outcome => {
    const u = all.find(x => x.unit_id === unit_id)
    if (!u) return { kind: 'ok', text: t.removed }
    if (u.command_error) return { kind: 'err', text: t.failedAction(u.command_error) }
    const s = status(unitState(u, live.now()))
    return { kind: u.command_action ? 'pend' : 'ok', text: s.word }
  }
  const close = () => {
    ask(null)
    onClear()
  }
  return (
    <>
      <BulkBar count={picked.length} onClear={onClear}>
        {verbs.map(v => (
          <Button
            key={v}
            leftSection={icons[v]}
            disabled={offline || those(v).length === 0}
            onClick={() => ask({ verb: v, units: those(v) })}
          >
            {t[v]}
            {those(v).length < picked.length && those(v).length > 0 && ` (${those(v).length})`}
          </Button>
        ))}
      </BulkBar>
      {asked && (
        <BulkDialog
          title={t.bulkAsk[asked.verb](asked.units.length)}
          action={t[asked.verb]}
          danger={asked.verb === 'remove'}
          typed={asked.verb === 'remove'}
          items={asked.units.map(u => ({ key: u.unit_id, name: u.name }))}
          run={u => command(asked.verb, u.key)}
          follow={u => follow(u.key)}
          onClose={close}
        >
          {t.bulkText[asked.verb]}
        </BulkDialog>
      )}
    </>
  )
}
