// Numbers, sizes, ages and dates in the present language, by GOST and SI: a no-break space before the unit, 24 hours, decimal comma in Russian.
import { type Lang, lang } from './lang'

const nbsp = '\u00a0'
const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function cached<T extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => T): T {
  const at = lang() + key
  let f = cache.get(at) as T | undefined
  if (!f) {
    f = make()
    cache.set(at, f)
  }
  return f
}

const tag = (l: Lang): string => (l === 'ru' ? 'ru-RU' : 'en-GB')

export function num(n: number, digits = 0): string {
  return cached(
    `n${digits}`,
    () => new Intl.NumberFormat(tag(lang()), { minimumFractionDigits: digits, maximumFractionDigits: digits })
  ).format(n)
}

const sizeUnits = { en: ['B', 'KiB', 'MiB', 'GiB', 'TiB'], ru: ['Б', 'КиБ', 'МиБ', 'ГиБ', 'ТиБ'] }
export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return '—'
  let i = 0
  let v = n
  while (v >= 1024 && i < 4) {
    v /= 1024
    i++
  }
  return num(v, i === 0 || v >= 100 ? 0 : 1) + nbsp + sizeUnits[lang()][i]
}

export function percent(n: number | null | undefined, digits = 1): string {
  return n === null || n === undefined ? '—' : `${num(n, digits) + (lang() === 'ru' ? nbsp : '')}%`
}

const spanUnits = { en: ['d', 'h', 'min', 's'], ru: ['д', 'ч', 'мин', 'с'] }
/** A length of time, its two largest parts: "3 d 4 h", "12 min 5 s". */
export function span(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '—'
  const s = Math.max(0, Math.floor(seconds))
  const parts = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60]
  const from = parts.findIndex(p => p > 0)
  if (from < 0) return `0${nbsp}${spanUnits[lang()][3]}`
  return parts
    .slice(from, from + 2)
    .map((p, i) => (i > 0 && p === 0 ? '' : p + nbsp + spanUnits[lang()][from + i]))
    .filter(Boolean)
    .join(' ')
}

/** How long ago: one part, for columns of ages. */
export function ago(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600), Math.floor(s / 60)]
  const [n, i] = d > 1 ? [d, 0] : h > 1 ? [h, 1] : m > 1 ? [m, 2] : [s, 3]
  const t = n + nbsp + spanUnits[lang()][i]
  return lang() === 'ru' ? `${t} назад` : `${t} ago`
}

const toDate = (t: string | number | Date): Date => (t instanceof Date ? t : new Date(t))

export function dateTime(t: string | number | Date | null | undefined): string {
  if (t === null || t === undefined) return '—'
  return cached('dt', () => new Intl.DateTimeFormat(tag(lang()), { dateStyle: 'short', timeStyle: 'medium', hour12: false })).format(
    toDate(t)
  )
}

export function date(t: string | number | Date | null | undefined): string {
  if (t === null || t === undefined) return '—'
  return cached('d', () => new Intl.DateTimeFormat(tag(lang()), { day: '2-digit', month: '2-digit', year: 'numeric' })).format(toDate(t))
}

/** "12:04:31.250", for lines of logs. */
export function clock(t: string | number | Date, millis = true): string {
  const d = toDate(t)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}${millis ? `.${String(d.getMilliseconds()).padStart(3, '0')}` : ''}`
}
