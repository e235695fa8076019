/* Points of a series as a file of comma-separated values, made here from the pages that the server gives. */
import { api } from '@/api/client'

/** Most points of one file. */
const MOST = 1_000_000

export async function downloadCsv(s: { id: number; label: string }, from: number, to: number): Promise<void> {
  const parts: string[] = [`time_us,${quoted(s.label)}\n`]
  let at: string | null = String(Math.floor(from))
  for (let n = 0; at && n < MOST; ) {
    const page: { points: unknown; next_from: string | null } = await api('GET /api/v1/series/{id}/points', {
      path: { id: s.id },
      query: { from: at, to: String(Math.ceil(to)), limit: 100_000 }
    })
    const points = page.points as [number, number | string | null][]
    parts.push(rows(points))
    n += points.length
    at = page.next_from
  }
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }))
  const a = document.createElement('a')
  a.href = url
  a.download = `${s.label.replace(/[^\p{L}\d._-]+/gu, '_').slice(0, 80)}.csv`
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** A text that a reader of CSV takes as one value, and a spreadsheet not as a formula. */
export function quoted(text: string): string {
  const safe = /^[=+@-]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe
}

export const rows = (points: readonly [number, number | string | null][]): string =>
  points.map(([t, v]) => `${t},${v === null ? '' : typeof v === 'string' ? quoted(v) : v}\n`).join('')
