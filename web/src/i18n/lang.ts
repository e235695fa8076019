// The present language, without React: formats and plural forms read it, i18n/index.ts subscribes to it.
export type Lang = 'en' | 'ru'

let present: Lang = typeof document !== 'undefined' && document.documentElement.lang === 'ru' ? 'ru' : 'en'
const listeners = new Set<() => void>()

export const lang = (): Lang => present

export function setPresentLang(next: Lang): void {
  if (next === present) return
  present = next
  if (typeof document !== 'undefined') document.documentElement.lang = next
  for (const tell of listeners) tell()
}

export function onLang(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}
