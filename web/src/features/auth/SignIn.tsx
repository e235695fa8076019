import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '@/api/client'
import { ApiError } from '@/api/problem'
import { useSessionActions } from '@/app/session/session'
import { useText } from '@/i18n'
import { FormError, PasswordField, StatusShape, Submit, TextField, useForm, value } from '@/ui'
import { Door } from './Door'
import { authText } from './text'

export default function SignIn({ ended = false }: { ended?: boolean }) {
  const t = useText(authText)
  const { entered } = useSessionActions()
  const [wantsCode, setWantsCode] = useState(false)
  const form = useForm(
    async data => {
      const otp = value(data, 'otp')
      try {
        await api('POST /api/v1/auth/login', {
          body: { login: value(data, 'login') ?? '', password: String(data.get('password')), ...(otp ? { otp } : {}) }
        })
      } catch (e) {
        if (!(e instanceof ApiError) || e.field !== 'otp') throw e
        setWantsCode(true)
        if (otp) throw e // asked for the first time is no error
        return
      }
      await entered()
    },
    ['otp']
  )
  return (
    <Door
      title={t.signIn}
      foot={
        <>
          <span>
            {t.noAccount} <Link href="/join">{t.haveInvite}</Link>
          </span>
          <span>{t.lostPassword}</span>
          <span>{t.firstStart}</span>
        </>
      }
    >
      {ended && (
        <p className="callout k-info" role="status">
          <StatusShape kind="info" />
          {t.ended}
        </p>
      )}
      <form onSubmit={form.onSubmit}>
        <TextField
          name="login"
          label={t.login}
          required
          withAsterisk={false}
          autoComplete="username"
          autoFocus
          autoCapitalize="none"
          spellCheck={false}
        />
        <PasswordField name="password" label={t.password} required withAsterisk={false} autoComplete="current-password" />
        {wantsCode && (
          <TextField
            name="otp"
            label={t.otp}
            description={t.otpHint}
            required
            withAsterisk={false}
            autoComplete="one-time-code"
            inputMode="numeric"
            autoFocus
            error={form.at('otp')}
          />
        )}
        <FormError form={form} />
        <Submit form={form} full>
          {t.signIn}
        </Submit>
      </form>
    </Door>
  )
}
