// What goes wrong with a request: the server's problem documents (RFC 9457), or no answer at all.
import { lang } from '@/i18n'
import type { Problem } from './schema.gen'

export type Code = Problem['code'] | 'offline'

export class ApiError extends Error {
  readonly status: number
  readonly code: Code
  readonly detail: string
  readonly field: string | undefined
  readonly requestId: string | undefined
  /** Milliseconds that the server asks to wait; undefined: it does not. */
  readonly retryAfter: number | undefined

  constructor(status: number, problem: Partial<Problem>, retryAfter?: number) {
    super(problem.detail || problem.title || String(status))
    this.status = status
    this.code = problem.code ?? (status === 0 ? 'offline' : 'internal')
    this.detail = problem.detail ?? ''
    this.field = problem.field
    this.requestId = problem.request_id
    this.retryAfter = retryAfter
  }
}

const titles: Record<Code, { en: string; ru: string }> = {
  invalid: { en: 'The server did not accept a value', ru: 'Сервер не принял значение' },
  unauthenticated: { en: 'Sign in first', ru: 'Сначала войдите' },
  forbidden: { en: 'Your rights do not include this', ru: 'Ваших прав для этого не хватает' },
  not_found: { en: 'There is no such thing, or it is not for you', ru: 'Такого нет, или оно не для вас' },
  method_not_allowed: { en: 'The server does not do this', ru: 'Сервер этого не делает' },
  conflict: { en: 'It clashes with what is there', ru: 'Это противоречит тому, что уже есть' },
  precondition_failed: { en: 'Somebody has changed it in between', ru: 'Кто-то изменил это раньше вас' },
  too_large: { en: 'It is too large', ru: 'Слишком велико' },
  unsupported_media_type: { en: 'The server does not take this kind of data', ru: 'Такие данные сервер не принимает' },
  rate_limited: { en: 'Too many requests', ru: 'Слишком много запросов' },
  internal: { en: 'The server failed', ru: 'Ошибка на сервере' },
  unavailable: { en: 'The server is busy', ru: 'Сервер занят' },
  timeout: { en: 'The server took too long', ru: 'Сервер не успел ответить' },
  offline: { en: 'The server does not answer', ru: 'Сервер не отвечает' }
}

/** The problem in the reader's language; what the server adds is in `detail`. */
export const problemTitle = (e: unknown): string => titles[e instanceof ApiError ? e.code : 'internal'][lang()]

export const asApiError = (e: unknown): ApiError => (e instanceof ApiError ? e : new ApiError(0, { code: 'internal', detail: String(e) }))
