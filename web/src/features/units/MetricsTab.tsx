import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import { api } from '@/api/client'
import type { ApiError } from '@/api/problem'
import { useQuery } from '@/api/query'
import type { Unit } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useText } from '@/i18n'
import { Loaded, Loading } from '@/ui'
import { unitText } from './text'

const Charts = lazy(() => import('./Charts'))

export type UnitSeries = { id: number; name: string; unit: string | null; help: string | null; labels: Record<string, unknown> }

/** Series that carry the unit's label: the agent's figures and what the program itself sends. */
export function useUnitSeries(unit_id: string) {
  return useQuery<UnitSeries[], ApiError>({
    queryKey: ['GET /api/v1/series', unit_id],
    refetchInterval: 15_000,
    queryFn: async ({ signal }) => {
      const page = await api('GET /api/v1/series', { query: { 'label.unit_id': unit_id, limit: 200 } }, { signal })
      return page.items as UnitSeries[]
    }
  })
}

/** All figures of a unit, a chart each. */
export function MetricsTab({ unit: u }: { unit: Unit }) {
  const t = useText(unitText)
  const q = useUnitSeries(u.unit_id)
  return (
    <Loaded of={q}>
      {series =>
        series.length === 0 ? (
          <p className="dim">{t.metricsWait}</p>
        ) : (
          <>
            <Suspense fallback={<Loading />}>
              <Charts series={series} tools height={200} />
            </Suspense>
            <p>
              <Link href={`${href('telemetry')}?q=${encodeURIComponent(`unit:${/\s/.test(u.name) ? `"${u.name}"` : u.name} `)}`}>
                {t.explore}
              </Link>
            </p>
          </>
        )
      }
    </Loaded>
  )
}

/** Processor and memory. */
export function UnitCharts({ unit, height }: { unit: Unit; height: number }) {
  const series = useUnitSeries(unit.unit_id).data?.filter(s => s.name === 'unit_cpu_percent' || s.name === 'unit_rss_bytes')
  if (!series?.length) return null
  return (
    <Suspense fallback={<Loading />}>
      <Charts series={series} height={height} />
    </Suspense>
  )
}
