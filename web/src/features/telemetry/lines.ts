/* Newest values of many series at once, for lists: one chart of the live worker with a layer per row, twice a
 * second. Only rows in sight are asked for. */
import { useEffect, useState } from 'react'
import { live } from '@/live'
import type { ChartLine } from '@/live/wire'

export interface Newest {
  y: Float64Array
  x: Float64Array
  min: number
  max: number
  last: number
  lastAt: number // microseconds, 0: none
  rate: number
  error: string
}

const COLUMNS = 96
const POINTS = 4096 // kept of each row's series

function newest(l: ChartLine): Newest {
  const y = l.y.slice(0, l.n)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const v of y) {
    if (v < min) min = v
    if (v > max) max = v
  }
  const lastAt = Number.isFinite(l.lastTime) ? l.lastTime : 0
  return { x: l.x.slice(0, l.n), y, min, max, last: l.lastValue, lastAt, rate: l.rate, error: l.error }
}

/** ids in any order; the map keeps what it knows of a row that comes back into sight. */
export function useNewest(ids: readonly number[], span: number): ReadonlyMap<number, Newest> {
  const [map, setMap] = useState<ReadonlyMap<number, Newest>>(new Map())
  const key = [...ids].sort((a, b) => a - b).join(',')
  useEffect(() => {
    const list = key ? key.split(',').map(Number) : []
    if (!list.length) return
    const client = live.openChart(
      list.map(id => ({ topic: `series/${id}`, layer: 'raw' })),
      { live: true, span, from: 0, to: 0, columns: COLUMNS },
      { capacity: POINTS, hz: 2 },
      (_view, lines) => {
        const fresh = lines.map(newest)
        client.back(lines)
        if (live.paused) return
        setMap(old => {
          const next = new Map(old)
          list.forEach((id, i) => {
            next.set(id, fresh[i] as Newest)
          })
          return next
        })
      }
    )
    // The next list is opened before this one is closed, so that series in both stay subscribed.
    return () => {
      setTimeout(() => client.close(), 0)
    }
  }, [key, span])
  return map
}
