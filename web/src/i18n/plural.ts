import { lang } from './lang'

export type Forms = { one: string; few?: string; many?: string; other: string }

const rules = { en: new Intl.PluralRules('en'), ru: new Intl.PluralRules('ru') }

/** The form that the number takes in the present language; "#" in it becomes the number. */
export function plural(n: number, forms: Forms): string {
  const form = rules[lang()].select(Math.abs(n))
  const text =
    form === 'one' ? forms.one : form === 'few' ? (forms.few ?? forms.other) : form === 'many' ? (forms.many ?? forms.other) : forms.other
  return text.replace('#', new Intl.NumberFormat(lang()).format(n))
}
