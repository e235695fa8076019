import { useMemo, useState } from 'react'
import { useParam } from '@/app/search'
import { Chart, formatSpan, parseSpan, readView, type TimeView, writeView } from '@/chart'
import { useText } from '@/i18n'
import { span } from '@/i18n/format'
import { live } from '@/live'
import { Button, Segments } from '@/ui'
import type { UnitSeries } from './MetricsTab'
import { unitText } from './text'

const spans = ['5m', '15m', '1h', '6h', '24h', '7d']
const page = 8

/** Charts of a unit's series, all over the same time; the time is in the address. */
export default function Charts({ series, height, tools = false }: { series: UnitSeries[]; height: number; tools?: boolean }) {
  const t = useText(unitText)
  const [from, setFrom] = useParam('from')
  const [to, setTo] = useParam('to')
  const [liveText, setLive] = useParam('live')
  const [shown, show] = useState(page)
  const view = useMemo(
    () => readView({ from: from || null, to: to || null, live: liveText || null }, live.now() * 1000),
    [from, to, liveText]
  )
  const onView = (v: TimeView) => {
    const q = writeView(v)
    setFrom(q.from ?? '')
    setTo(q.to ?? '')
    setLive(q.live ?? '')
  }
  const list = [...series].sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name))
  const names: Record<string, string> = {
    unit_cpu_percent: t.cpu,
    unit_rss_bytes: t.memory,
    unit_vsz_bytes: t.virtual,
    unit_threads: t.threads,
    unit_open_files: t.files,
    unit_read_bytes: t.read,
    unit_written_bytes: t.written
  }
  return (
    <div className="stack">
      <div className="row">
        <Segments
          label={t.time}
          value={view.live ? formatSpan(view.span) : ''}
          onChange={v => onView({ live: true, span: parseSpan(v) ?? 900e6 })}
          options={spans.map(s => ({ value: s, label: span((parseSpan(s) ?? 0) / 1e6) }))}
        />
      </div>
      <div className="unit-charts">
        {list.slice(0, tools ? shown : page).map(s => (
          <section key={s.id} aria-label={names[s.name] ?? s.name}>
            <Chart
              title={names[s.name] ?? s.name}
              series={[{ id: s.id, label: names[s.name] ?? title(s), unit: s.unit ?? '' }]}
              view={view}
              onView={onView}
              height={height}
              group="unit"
              liveSpan={view.live ? view.span : 900e6}
            />
          </section>
        ))}
      </div>
      {tools && list.length > shown && (
        <div>
          <Button onClick={() => show(shown + page)}>+{Math.min(page, list.length - shown)}</Button>
        </div>
      )}
    </div>
  )
}

const first = ['unit_cpu_percent', 'unit_rss_bytes']
/** Processor and memory, then the program's own, then the rest of the agent's. */
const order = (s: UnitSeries): number => (first.includes(s.name) ? first.indexOf(s.name) : s.name.startsWith('unit_') ? 9 : 5)

const own = ['unit', 'unit_id', 'package', 'host']
function title(s: UnitSeries): string {
  const rest = Object.entries(s.labels ?? {}).filter(([k]) => !own.includes(k))
  return rest.length ? `${s.name} {${rest.map(([k, v]) => `${k}=${v}`).join(', ')}}` : s.name
}
