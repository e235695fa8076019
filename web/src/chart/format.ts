/* Values and moments as a chart writes them. */
import { bytes, num, span } from '@/i18n/format'
import { type Lang, lang } from '@/i18n/lang'

const nbsp = '\u00a0'
const prefixes: Record<Lang, [number, string][]> = {
  en: [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k']
  ],
  ru: [
    [1e12, 'Т'],
    [1e9, 'Г'],
    [1e6, 'М'],
    [1e3, 'к']
  ]
}
export const isBytes = (unit: string) => /^(b|bytes?)$/i.test(unit)
const isSeconds = (unit: string) => /^(s|seconds?)$/i.test(unit)

/** Digits after the point that multiples of `step` need. */
export function digitsFor(step: number): number {
  if (!(step > 0) || !Number.isFinite(step)) return 0
  for (let d = 0; d < 9; d++) {
    const scaled = step * 10 ** d
    if (scaled >= 1 - 1e-9 && Math.abs(scaled - Math.round(scaled)) < 1e-6) return d
  }
  return 9
}

/** A value with its unit; step: the smallest difference that matters (0: four significant digits, of percents two behind the point). */
export function value(v: number, unit = '', step = 0): string {
  if (Number.isNaN(v)) return '—'
  if (!Number.isFinite(v)) return v > 0 ? '∞' : '−∞'
  if (isBytes(unit)) return v < 0 ? `−${bytes(-v)}` : bytes(v)
  if (isSeconds(unit) && Math.abs(v) >= 120) return span(v)
  const [size, prefix] = prefixes[lang()].find(p => Math.abs(v) >= p[0] * (p[0] === 1e3 ? 10 : 1)) ?? [1, '']
  const scaled = v / size
  const digits = step > 0 ? digitsFor(step / size) : Math.min(significant(scaled), shortUnit(unit) === '%' ? 2 : 9)
  const text = num(scaled, digits).replace('-', '−')
  const tail = prefix + shortUnit(unit)
  return tail ? text + nbsp + tail : text
}

function significant(v: number): number {
  const a = Math.abs(v)
  if (a === 0 || Number.isInteger(v)) return 0
  return Math.min(9, Math.max(0, 3 - Math.floor(Math.log10(a))))
}

export const shortUnit = (unit: string) => (unit === 'celsius' ? '°C' : unit === 'percent' ? '%' : unit === 'ratio' ? '' : unit)

const cache = new Map<string, Intl.DateTimeFormat>()
function format(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const tag = lang() === 'ru' ? 'ru-RU' : 'en-GB'
  const k = tag + key
  let f = cache.get(k)
  if (!f) {
    f = new Intl.DateTimeFormat(tag, { hour12: false, ...options })
    cache.set(k, f)
  }
  return f
}

/** A mark of the time axis; step in seconds between marks. */
export function tick(seconds: number, step: number): string {
  const d = new Date(seconds * 1000)
  if (step >= 86400) return format('day', { day: '2-digit', month: '2-digit' }).format(d)
  if (step >= 60) {
    if (d.getHours() === 0 && d.getMinutes() === 0) return format('day', { day: '2-digit', month: '2-digit' }).format(d)
    return format('min', { hour: '2-digit', minute: '2-digit' }).format(d)
  }
  const s = format('sec', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(d)
  if (step >= 1) return s
  return `${s}${lang() === 'ru' ? ',' : '.'}${String(Math.round((seconds - Math.floor(seconds)) * 1000)).padStart(3, '0')}`
}

/** A moment in full (microseconds), with milliseconds. */
export function moment(us: number): string {
  const d = new Date(us / 1000)
  const day = format('date', { day: '2-digit', month: '2-digit', year: 'numeric' }).format(d)
  return `${day} ${tick(us / 1e6, 0.001)}`
}
