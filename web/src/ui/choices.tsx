/* Choices and fields that several pages offer alike. */
import type { ReactNode } from 'react'
import { type Lang, useLang, useText } from '@/i18n'
import { PasswordField, TextField } from './controls'
import type { FormState } from './form'
import { setLang, setTheme, type Theme, useTheme } from './look'
import { Segments } from './Segments'
import { uiText } from './text'

/** The themes with their names, in the order in which they are offered. */
export function useThemes(): { title: string; options: { value: Theme; label: string }[] } {
  const t = useText(uiText)
  return {
    title: t.theme,
    options: [
      { value: 'auto', label: t.themeAuto },
      { value: 'light', label: t.themeLight },
      { value: 'dark', label: t.themeDark }
    ]
  }
}

export function ThemeChoice() {
  const { title, options } = useThemes()
  return (
    <Choice label={title}>
      <div>
        <Segments label={title} value={useTheme()} onChange={setTheme} options={options} />
      </div>
    </Choice>
  )
}

export function LanguageChoice() {
  const t = useText(uiText)
  return (
    <Choice label={t.language}>
      <Languages />
    </Choice>
  )
}

/** Each in its own words. */
const languages: { value: Lang; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'ru', label: 'Русский' }
]

export function Languages() {
  return (
    <div>
      <Segments label="Language" value={useLang()} onChange={setLang} options={languages} />
    </div>
  )
}

/* A choice of few as a field of a page. */
function Choice({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="field">
      <span>{label}</span>
      {children}
    </div>
  )
}

/** Finds as one types. */
export function SearchField({
  label,
  value,
  onChange,
  className
}: {
  label: string
  value: string
  onChange(q: string): void
  className: string
}) {
  return (
    <TextField
      type="search"
      aria-label={label}
      placeholder={label}
      value={value}
      onChange={e => onChange(e.currentTarget.value)}
      className={className}
    />
  )
}

/** A password that is being chosen; the server's rule for its length stands here and nowhere else. */
export function NewPassword({ form, label, hint }: { form: FormState; label: string; hint: string }) {
  return (
    <PasswordField
      name="password"
      label={label}
      description={hint}
      required
      withAsterisk={false}
      minLength={8}
      autoComplete="new-password"
      error={form.at('password')}
    />
  )
}
