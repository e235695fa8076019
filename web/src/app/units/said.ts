// What agents and the server say of units is English on the wire; readers of Russian get it in theirs. Texts of a unit's own program stay
// as they are. said.test.ts holds each pattern against the sources that make the texts.
import type { TelemetryRow } from '@/api/schema.gen'
import { lang, plural } from '@/i18n'
import { num, span } from '@/i18n/format'
import { status } from '@/ui/status'

type Rule = { en: RegExp; ru: (...found: string[]) => string }

const lines = (n: string) => plural(Number(n), { one: '# строка', few: '# строки', many: '# строк', other: '# строки' })
const records = (n: string) => plural(Number(n), { one: '# запись', few: '# записи', many: '# записей', other: '# записи' })
const times = (n: string) => plural(Number(n), { one: '# раз', few: '# раза', many: '# раз', other: '# раза' })
const after = (ms: string) => (Number(ms) < 1000 ? `${num(Number(ms))}\u00a0мс` : span(Number(ms) / 1000))

/** Why a unit is as it is. */
const reasons: Rule[] = [
  { en: /^lost$/, ru: () => 'от машины нет вестей' },
  { en: /^ended by itself$/, ru: () => 'завершился сам' },
  { en: /^ended$/, ru: () => 'завершился' },
  { en: /^exit (\d+)$/, ru: code => `код выхода ${code}` },
  { en: /^killed by signal (\d+) \((\w+)\)$/, ru: (n, name) => `снят сигналом ${name} (${n})` },
  { en: /^out of memory: over the limit of (\d+) MiB$/, ru: mib => `не хватило памяти: предел ${mib}\u00a0МиБ` },
  {
    en: /^out of memory: (\d+) MiB used, the limit is (\d+) MiB$/,
    ru: (used, limit) => `не хватило памяти: занято ${used}\u00a0МиБ, предел ${limit}\u00a0МиБ`
  },
  { en: /^too many processes: (\d+), the limit is (\d+)$/, ru: (n, limit) => `слишком много процессов: ${n}, предел ${limit}` },
  { en: /^unhealthy: (.*)$/s, ru: why => `нездоров: ${why}` },
  { en: /^cannot start (['‘].*)$/s, ru: why => `не запускается ${why}` },
  { en: /^cannot start: (.*)$/s, ru: why => `не запускается: ${why}` },
  {
    en: /^(.*); restarted (\d+) times, giving up$/s,
    ru: (why, n) => `${reasonText(why)}; перезапущен ${times(n)}, больше не пробуем`
  }
]

const events: Rule[] = [
  { en: /^started with pid (\d+)$/, ru: pid => `запущен, процесс ${pid}` },
  { en: /^stopped$/, ru: () => 'остановлен' },
  { en: /^stopped: (.*)$/s, ru: why => `остановлен: ${reasonText(why)}` },
  { en: /^failed: (.*)$/s, ru: why => `сбой: ${reasonText(why)}` },
  { en: /^(.*); starting again after (\d+) ms$/s, ru: (why, ms) => `${reasonText(why)}; запускается снова через ${after(ms)}` },
  { en: /^paused$/, ru: () => 'поставлен на паузу' },
  { en: /^resumed$/, ru: () => 'продолжен' },
  { en: /^health check passed$/, ru: () => 'проверка пройдена, здоров' },
  { en: /^health check failed (\d+) times: (.*)$/s, ru: (n, why) => `проверка не пройдена ${times(n)}: ${why}` },
  {
    en: /^(\d+) lines \((\d+) bytes\) could not be written: is the disk full\?$/,
    ru: n => `${lines(n)} журнала не удалось записать: диск заполнен?`
  },
  { en: /^(\d+) lines were dropped: over the rate$/, ru: n => `${lines(n)} журнала пропущено: слишком часто` },
  { en: /^(\d+) records were dropped: the spool was full$/, ru: n => `${records(n)} пропущено: очередь на машине заполнена` },
  { en: /^metric not understood: (.*)$/s, ru: why => `показатель не понят: ${why}` },
  {
    en: /^isolation: (.*?)(?:; without (.*))?$/s,
    ru: (have, lack) => `изоляция: ${have}${lack ? `; без: ${lack}` : ''}`
  }
]

function translated(rules: Rule[], text: string): string {
  if (lang() === 'en') return text
  for (const { en, ru } of rules) {
    const found = en.exec(text)
    if (found) return ru(...found.slice(1))
  }
  return text
}

export const reasonText = (text: string): string => translated(reasons, text)

/** An event in a line. The server's own row of a status is told by its data. */
export function eventText(row: TelemetryRow): string {
  const data = (row.data ?? {}) as { status?: string; reason?: string }
  if (row.message === 'status' && data.status)
    return [status(data.status).word, data.reason && reasonText(data.reason)].filter(Boolean).join(': ')
  return translated(events, row.message ?? '')
}

/** For the test: what each pattern looks for, as the sources write it. */
export const patterns = [...reasons, ...events].map(r => r.en)
