import type { Unit } from '@/api/schema.gen'
import { recentOf } from '@/app/units/queries'
import { Spark } from '@/chart/Spark'
import { useText } from '@/i18n'
import { bytes, percent } from '@/i18n/format'
import { unitText } from './text'

export function MetricsTab({ unit }: { unit: Unit }) {
  return <UnitCharts unit={unit} height={260} />
}

/** CPU and memory. */
export function UnitCharts({ unit: u, height }: { unit: Unit; height: number }) {
  const t = useText(unitText)
  const r = recentOf(u.unit_id)
  if (r.cpu.length < 2) return null
  return (
    <div className="cards">
      <div className="card">
        <p className="dim">
          {t.cpu} {percent(u.cpu_percent)}
        </p>
        <Spark values={r.cpu} width={420} height={height - 60} label={t.cpu} color={0} />
      </div>
      <div className="card">
        <p className="dim">
          {t.memory} {bytes(u.rss_bytes)}
        </p>
        <Spark values={r.rss} width={420} height={height - 60} label={t.memory} color={1} />
      </div>
    </div>
  )
}
