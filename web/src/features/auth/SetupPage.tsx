import { useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { api } from '@/api/client'
import { NodeForm } from '@/app/node/NodeForm'
import { useSessionActions } from '@/app/session/session'
import { useText } from '@/i18n'
import { Button, FormError, LanguageChoice, NewPassword, StatusShape, Submit, TextField, ThemeChoice, useForm, value } from '@/ui'
import { Door } from './Door'
import { authText } from './text'

type Step = 'look' | 'admin' | 'node' | 'project'
const steps: Step[] = ['look', 'admin', 'node', 'project']

/** The first start: language, administrator, the node's name and place, project. The link with its token is printed on the server's console. */
export default function SetupPage() {
  const t = useText(authText)
  const token = new URLSearchParams(useSearch()).get('token') ?? ''
  const [step, setStep] = useState<Step>('look')
  const [, navigate] = useLocation()
  const { entered } = useSessionActions()
  const finish = async () => {
    navigate('/', { replace: true })
    await entered()
  }
  const titles = { look: t.stepLook, admin: t.stepAdmin, node: t.stepNode, project: t.stepProject }
  const leads = { look: t.setupLead, admin: t.adminLead, node: t.nodeLead, project: t.projectLead }
  const at = steps.indexOf(step)
  return (
    <Door title={`${t.setup}: ${titles[step]}`} lead={leads[step]} language={step !== 'look'}>
      <ol className="steps" aria-label={t.step(at + 1, steps.length)}>
        {steps.map((s, i) => (
          <li key={s} data-done={i <= at} aria-current={s === step ? 'step' : undefined} />
        ))}
      </ol>
      {!token && (
        <p className="callout k-warn" role="alert">
          <StatusShape kind="warn" />
          {t.noToken}
        </p>
      )}
      {step === 'look' && <Look onNext={() => setStep('admin')} />}
      {step === 'admin' && <Admin token={token} onDone={() => setStep('node')} />}
      {step === 'node' && <NodeForm action={t.next} first onDone={() => setStep('project')} />}
      {step === 'project' && <Project onDone={finish} />}
    </Door>
  )
}

function Look({ onNext }: { onNext: () => void }) {
  const t = useText(authText)
  return (
    <>
      <LanguageChoice />
      <ThemeChoice />
      {!window.isSecureContext && (
        <p className="callout k-warn">
          <StatusShape kind="warn" />
          <span>{t.plainHttp}</span>
        </p>
      )}
      <Button look="primary" onClick={onNext}>
        {t.next}
      </Button>
    </>
  )
}

function Admin({ token, onDone }: { token: string; onDone: () => void }) {
  const t = useText(authText)
  const form = useForm(
    async data => {
      await api('POST /api/v1/auth/setup', {
        body: {
          token,
          login: value(data, 'login') ?? '',
          password: String(data.get('password')),
          display_name: value(data, 'display_name') ?? null
        }
      })
      onDone()
    },
    ['login', 'password', 'display_name']
  )
  const spent = form.rest && ['unauthenticated', 'forbidden', 'not_found', 'conflict'].includes(form.rest.code)
  return (
    <form onSubmit={form.onSubmit}>
      <TextField
        name="login"
        label={t.login}
        required
        withAsterisk={false}
        minLength={2}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        error={form.at('login')}
      />
      <TextField
        name="display_name"
        label={t.displayName}
        description={t.displayNameHint}
        autoComplete="name"
        error={form.at('display_name')}
      />
      <NewPassword form={form} label={t.password} hint={t.passwordHint} />
      {spent ? (
        <p className="error-line" role="alert">
          {t.used}
        </p>
      ) : (
        <FormError form={form} />
      )}
      <Submit form={form} full>
        {t.make}
      </Submit>
    </form>
  )
}

function Project({ onDone }: { onDone: () => Promise<void> }) {
  const t = useText(authText)
  const form = useForm(
    async data => {
      const name = value(data, 'name') ?? ''
      await api('POST /api/v1/projects', { body: { name, display_name: value(data, 'display_name') ?? name } })
      await onDone()
    },
    ['name', 'display_name']
  )
  return (
    <form onSubmit={form.onSubmit}>
      <TextField
        name="name"
        label={t.projectName}
        description={t.projectNameHint}
        required
        withAsterisk={false}
        autoFocus
        spellCheck={false}
        autoCapitalize="none"
        error={form.at('name')}
      />
      <TextField name="display_name" label={t.projectTitle} error={form.at('display_name')} />
      <FormError form={form} />
      <div className="row end">
        <Button onClick={() => void onDone()}>{t.skip}</Button>
        <Submit form={form}>{t.makeProject}</Submit>
      </div>
    </form>
  )
}
