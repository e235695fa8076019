// States of things: every state is a colour, a shape and a word. Each feature maps its own words to these kinds once.
import { lang } from '@/i18n'

export type Kind = 'ok' | 'warn' | 'err' | 'info' | 'pend' | 'idle' | 'unknown'
export type Status = { kind: Kind; word: string }

type Row = { kind: Kind; en: string; ru: string }

const words: Record<string, Row> = {
  // units
  running: { kind: 'ok', en: 'running', ru: 'работает' },
  starting: { kind: 'pend', en: 'starting', ru: 'запускается' },
  stopping: { kind: 'pend', en: 'stopping', ru: 'останавливается' },
  restarting: { kind: 'pend', en: 'restarting', ru: 'перезапускается' },
  stopped: { kind: 'idle', en: 'stopped', ru: 'остановлен' },
  paused: { kind: 'idle', en: 'paused', ru: 'на паузе' },
  failed: { kind: 'err', en: 'failed', ru: 'сбой' },
  late: { kind: 'warn', en: 'late', ru: 'нет вестей' },
  unsteady: { kind: 'warn', en: 'unsteady', ru: 'нестабилен' },
  nolink: { kind: 'unknown', en: 'no link', ru: 'нет связи' },
  // agents, sessions, tokens, users
  online: { kind: 'ok', en: 'online', ru: 'на связи' },
  offline: { kind: 'idle', en: 'offline', ru: 'не на связи' },
  active: { kind: 'ok', en: 'active', ru: 'действует' },
  expired: { kind: 'idle', en: 'expired', ru: 'срок истёк' },
  used: { kind: 'idle', en: 'used', ru: 'использовано' },
  blocked: { kind: 'err', en: 'blocked', ru: 'заблокирован' },
  // versions
  stable: { kind: 'ok', en: 'stable', ru: 'стабильная' },
  preview: { kind: 'info', en: 'preview', ru: 'предварительная' },
  yanked: { kind: 'warn', en: 'withdrawn', ru: 'отозвана' },
  deprecated: { kind: 'warn', en: 'deprecated', ru: 'устарел' },
  uploading: { kind: 'pend', en: 'no archive yet', ru: 'без архива' },
  // audit, alerts
  done: { kind: 'ok', en: 'done', ru: 'выполнено' },
  refused: { kind: 'err', en: 'refused', ru: 'отказано' },
  critical: { kind: 'err', en: 'critical', ru: 'критично' },
  warning: { kind: 'warn', en: 'warning', ru: 'предупреждение' },
  info: { kind: 'info', en: 'note', ru: 'заметка' },
  firing: { kind: 'err', en: 'firing', ru: 'сработало' },
  pending: { kind: 'pend', en: 'pending', ru: 'ожидает' },
  resolved: { kind: 'idle', en: 'resolved', ru: 'прошло' },
  silenced: { kind: 'idle', en: 'silenced', ru: 'заглушено' },
  ok: { kind: 'ok', en: 'ok', ru: 'в норме' }
}

export function status(name: string): Status {
  const row = words[name]
  return row ? { kind: row.kind, word: row[lang()] } : { kind: 'unknown', word: name }
}

/** Order of urgency, for "problems first". */
export const urgency: Record<Kind, number> = { err: 0, warn: 1, unknown: 2, pend: 3, info: 4, ok: 5, idle: 6 }
