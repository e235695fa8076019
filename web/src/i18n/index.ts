// Texts. A catalog is two objects of one type: `export const en = {...}` and `export const ru: typeof en = {...}`; values are strings or
// functions of what they mention. The compiler checks that both have the same keys and parameters.
import { useSyncExternalStore } from 'react'
import { type Lang, lang, onLang } from './lang'

export { type Lang, lang, onLang, setPresentLang } from './lang'
export { plural } from './plural'

export type Catalog<T> = { en: T; ru: NoInfer<T> }

export function useLang(): Lang {
  return useSyncExternalStore(onLang, lang)
}

/** The catalog in the present language; the component draws again when the language changes. */
export function useText<T>(catalog: Catalog<T>): T {
  return catalog[useLang()]
}

/** The same outside of components. */
export function text<T>(catalog: Catalog<T>): T {
  return catalog[lang()]
}
