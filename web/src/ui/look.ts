// The reader's theme and language: kept in the browser, on <html> before the first paint (public/theme.js). What is chosen here waits for
// whoever keeps it for the person (app/session/look.ts).
import { useSyncExternalStore } from 'react'
import { type Lang, lang as presentLang, setPresentLang } from '@/i18n'

export type Theme = 'auto' | 'light' | 'dark'
type Look = { theme?: Theme; lang?: Lang; keys?: boolean }

const place = 'netbit.look'
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

function stored(): Look {
  try {
    return JSON.parse(localStorage.getItem(place) ?? '{}') as Look
  } catch {
    return {} // storage is off, or the entry is damaged: defaults
  }
}

let look = stored()
type Choice = { theme?: Theme; lang?: Lang }
let choice: Choice | null = null
let count = 0
const choiceListeners = new Set<() => void>()

/** Told when the reader chooses; choices() grows with each. */
export const onChoice = (tell: () => void): (() => void) => {
  choiceListeners.add(tell)
  return () => choiceListeners.delete(tell)
}
export const choices = (): number => count

/** What was chosen since it was last asked for. */
export function takeChoice(): Choice | null {
  const taken = choice
  choice = null
  return taken
}

function choose(next: Choice): void {
  choice = { ...choice, ...next }
  count++
  change(next)
  for (const tell of choiceListeners) tell()
}

/** What the profile says; null: nothing, then it stays as it is. */
export function adoptLook({ lang, theme }: { lang: Lang | null; theme: Theme | null }): void {
  if (lang && lang !== presentLang()) setPresentLang(lang)
  if ((lang && lang !== look.lang) || (theme && theme !== look.theme)) change({ ...(lang ? { lang } : {}), ...(theme ? { theme } : {}) })
}

function change(next: Look): void {
  look = { ...look, ...next }
  try {
    localStorage.setItem(place, JSON.stringify(look))
  } catch {
    // storage is off: it holds until the page is closed
  }
  apply()
}

function apply(): void {
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme())
  for (const tell of listeners) tell()
}

system.addEventListener('change', apply)

const subscribe = (tell: () => void) => {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export const scheme = (): 'light' | 'dark' => (look.theme === 'dark' || (look.theme !== 'light' && system.matches) ? 'dark' : 'light')
export const useScheme = (): 'light' | 'dark' => useSyncExternalStore(subscribe, scheme)
export const useTheme = (): Theme => useSyncExternalStore(subscribe, () => look.theme ?? 'auto')
export const setTheme = (theme: Theme): void => choose({ theme })
export const singleKeys = (): boolean => look.keys !== false
export const useSingleKeys = (): boolean => useSyncExternalStore(subscribe, singleKeys)
export const setSingleKeys = (keys: boolean): void => change({ keys })

export function setLang(lang: Lang): void {
  setPresentLang(lang)
  choose({ lang })
}
