/* Choices and fields that several pages offer alike. */
import { useText } from '@/i18n'
import { PasswordField } from './controls'
import type { FormState } from './form'
import { setTheme, type Theme, useTheme } from './look'
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

/** As a field of a page. */
export function ThemeChoice() {
  const { title, options } = useThemes()
  return (
    <div className="field">
      <span>{title}</span>
      <div>
        <Segments label={title} value={useTheme()} onChange={setTheme} options={options} />
      </div>
    </div>
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
