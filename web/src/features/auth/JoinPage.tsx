import { Link, useLocation, useSearch } from 'wouter'
import { api } from '@/api/client'
import { useSessionActions } from '@/app/session/session'
import { useText } from '@/i18n'
import { FormError, NewPassword, Submit, TextField, useForm, value } from '@/ui'
import { Door } from './Door'
import { authText } from './text'

/** Registration, with or without an invite: the node decides whether one is needed. */
export default function JoinPage() {
  const t = useText(authText)
  const code = new URLSearchParams(useSearch()).get('code') ?? ''
  const [, navigate] = useLocation()
  const { entered } = useSessionActions()
  const form = useForm(
    async data => {
      const body = {
        login: value(data, 'login') ?? '',
        password: String(data.get('password')),
        display_name: value(data, 'display_name') ?? null,
        email: value(data, 'email') ?? null,
        invite: value(data, 'invite') ?? null
      }
      await api('POST /api/v1/auth/register', { body })
      navigate('/', { replace: true })
      await entered()
    },
    ['login', 'password', 'display_name', 'email', 'invite']
  )
  return (
    <Door title={t.join} foot={<Link href="/">{t.back}</Link>}>
      <form onSubmit={form.onSubmit}>
        <TextField
          name="invite"
          label={t.invite}
          description={t.inviteHint}
          defaultValue={code}
          error={form.at('invite')}
          spellCheck={false}
        />
        <TextField
          name="login"
          label={t.login}
          required
          withAsterisk={false}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          error={form.at('login')}
        />
        <TextField
          name="display_name"
          label={t.displayName}
          description={t.displayNameHint}
          autoComplete="name"
          error={form.at('display_name')}
        />
        <TextField name="email" label={`${t.email} (${t.optional})`} type="email" autoComplete="email" error={form.at('email')} />
        <NewPassword form={form} label={t.password} hint={t.passwordHint} />
        <FormError form={form} />
        <Submit form={form} full>
          {t.join}
        </Submit>
      </form>
    </Door>
  )
}
