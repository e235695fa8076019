import { useState } from 'react'
import { Link, useSearch } from 'wouter'
import { api } from '@/api/client'
import { useText } from '@/i18n'
import { FormError, NewPassword, StatusShape, Submit, useForm } from '@/ui'
import { Door } from './Door'
import { authText } from './text'

/** The one-time link of an administrator: sets a new password. */
export default function ResetPage() {
  const t = useText(authText)
  const token = new URLSearchParams(useSearch()).get('token') ?? ''
  const [done, setDone] = useState(false)
  const form = useForm(
    async data => {
      await api('POST /api/v1/auth/reset', { body: { token, password: String(data.get('password')) } })
      setDone(true)
    },
    ['password']
  )
  return (
    <Door title={t.reset} foot={<Link href="/">{t.back}</Link>}>
      {!token && (
        <p className="callout k-warn" role="alert">
          <StatusShape kind="warn" />
          {t.noToken}
        </p>
      )}
      {done ? (
        <p className="callout k-ok" role="status">
          <StatusShape kind="ok" />
          {t.resetDone}
        </p>
      ) : (
        <form onSubmit={form.onSubmit}>
          <NewPassword form={form} label={t.newPassword} hint={t.passwordHint} />
          <FormError form={form} />
          <Submit form={form} full>
            {t.save}
          </Submit>
        </form>
      )}
    </Door>
  )
}
