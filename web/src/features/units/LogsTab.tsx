import { Download } from 'lucide-react'
import { useDeferredValue } from 'react'
import type { Unit } from '@/api/schema.gen'
import { useHashTarget, useParam } from '@/app/search'
import { useText } from '@/i18n'
import { ErrorCard, IconButton, SearchField, Segments, Select } from '@/ui'
import { LogLive } from './LogLive'
import { useTailHas, useUnitLog } from './log'
import { unitText } from './text'

const levels = ['debug', 'info', 'warn', 'error', 'fatal'] as const

export function LogsTab({ unit: u }: { unit: Unit }) {
  const t = useText(unitText)
  const [level, setLevel] = useParam('level')
  const [q, setQ] = useParam('q')
  const [times, setTimes] = useParam('times', 'clock')
  const asked = useDeferredValue(q)
  const target = useHashTarget()
  const log = useUnitLog(u.unit_id, { level: level || undefined, q: asked.trim() || undefined })
  const none = useTailHas(log, x => x.list.length === 0)
  const failed = useTailHas(log, x => x.error !== undefined && x.list.length === 0)
  const save = () => {
    const text = log.list.map(l => `${new Date(l.t).toISOString()} ${l.level ?? ''} ${l.text}`).join('\n')
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
    link.download = `${u.name}.log`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  }
  return (
    <div className="log-tab">
      <div className="row">
        <SearchField label={t.search} value={q} onChange={setQ} className="log-search" />
        <Select
          aria-label={t.level}
          value={level}
          onChange={e => setLevel(e.currentTarget.value, 'push')}
          data={[{ value: '', label: t.anyLevel }, ...levels.map(l => ({ value: l, label: t.levels[l] }))]}
        />
        <Segments
          label={t.times}
          value={times}
          onChange={v => setTimes(v)}
          options={[
            { value: 'clock', label: t.timesClock },
            { value: 'full', label: t.timesFull }
          ]}
        />
        <span className="grow" />
        <IconButton label={t.download} onClick={save} disabled={none}>
          <Download size={16} />
        </IconButton>
      </div>
      {failed && log.error ? (
        <ErrorCard error={log.error} />
      ) : (
        <LogLive tail={log} mark={asked.trim()} times={times === 'full' ? 'full' : 'clock'} target={target} />
      )}
    </div>
  )
}
