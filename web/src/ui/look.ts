// The reader's theme and language: kept in the browser, on <html> before the first paint (public/theme.js), in the profile on the server.
import { useSyncExternalStore } from 'react'
import { type Lang, setPresentLang } from '@/i18n'

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
export const setTheme = (theme: Theme): void => change({ theme })
export const singleKeys = (): boolean => look.keys !== false
export const useSingleKeys = (): boolean => useSyncExternalStore(subscribe, singleKeys)
export const setSingleKeys = (keys: boolean): void => change({ keys })

export function setLang(lang: Lang): void {
  setPresentLang(lang)
  change({ lang })
}
