/* The grammar of time in addresses: from=now-15m&to=now&live=1; moments are "now", "now-<n><s|m|h|d|w>",
 * RFC 3339, or milliseconds since 1970. */

/** What a chart shows: the newest span, or a range that stands still. Microseconds. */
export type TimeView = { live: true; span: number } | { live: false; from: number; to: number }

export const SECOND = 1e6
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
const units: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }

/** Ranges that one can pick. */
export const spans = ['1m', '5m', '15m', '1h', '6h', '24h', '7d', '30d'] as const

export function parseSpan(text: string): number | null {
  const m = /^(\d{1,6}(?:\.\d+)?)([smhdw])$/.exec(text)
  if (!m) return null
  const n = Number(m[1]) * (units[m[2] as string] as number)
  return n > 0 ? n : null
}

/** The shortest way to write a span: "15m", "90s". */
export function formatSpan(us: number): string {
  for (const u of ['w', 'd', 'h', 'm'] as const) {
    const size = units[u] as number
    if (us >= size && us % size === 0 && !(u === 'w' && us < 2 * size)) return `${us / size}${u}`
  }
  return `${Math.round(us / 1000) / 1000}s`
}

/** A moment in microseconds, or null. */
export function parseMoment(text: string, now: number): number | null {
  if (text === 'now') return now
  if (text.startsWith('now-')) {
    const span = parseSpan(text.slice(4))
    return span === null ? null : now - span
  }
  if (/^-?\d{1,16}$/.test(text)) return Number(text) * 1000
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms * 1000
}

export interface TimeQuery {
  from?: string | null
  to?: string | null
  live?: string | null
}

/** A view from an address; what cannot be read gives the default (live, the last 15 minutes). */
export function readView(q: TimeQuery, now: number): TimeView {
  const from = q.from ?? 'now-15m'
  const to = q.to ?? 'now'
  const span = from.startsWith('now-') ? parseSpan(from.slice(4)) : null
  const moving = span !== null && to === 'now'
  if (moving && q.live !== '0') return { live: true, span }
  const a = parseMoment(from, now)
  const b = parseMoment(to, now)
  if (a === null || b === null || !(a < b)) return { live: true, span: 15 * MINUTE }
  return { live: false, from: a, to: b }
}

/** The same back: absolute times where the view stands still. */
export function writeView(v: TimeView): { from: string; to: string; live: string } {
  if (v.live) return { from: `now-${formatSpan(v.span)}`, to: 'now', live: '1' }
  return { from: String(Math.floor(v.from / 1000)), to: String(Math.ceil(v.to / 1000)), live: '0' }
}

/** The view at twice or half the width, round its middle; a live one keeps its right edge. */
export function zoom(v: TimeView, factor: number): TimeView {
  const least = 1000
  const most = 10 * 366 * DAY
  const clamp = (n: number) => Math.min(most, Math.max(least, n))
  if (v.live) return { live: true, span: clamp(v.span * factor) }
  const mid = (v.from + v.to) / 2
  const half = clamp((v.to - v.from) * factor) / 2
  return { live: false, from: mid - half, to: mid + half }
}

/** Moved by a part of its width; a live view stands still from then on. */
export function pan(v: TimeView, part: number, now: number): TimeView {
  const from = v.live ? now - v.span : v.from
  const to = v.live ? now : v.to
  const by = (to - from) * part
  return { live: false, from: from + by, to: to + by }
}

export const spanOf = (v: TimeView) => (v.live ? v.span : v.to - v.from)
