import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useParams } from 'wouter'
import { api } from '@/api/client'
import { ApiError, problemTitle } from '@/api/problem'
import { useApi, useQueryClient } from '@/api/query'
import type { Me, TotpSecret } from '@/api/schema.gen'
import { NotFound } from '@/app/errors/NotFound'
import { NodeForm } from '@/app/node/NodeForm'
import { useRight, useSession, useSessionActions } from '@/app/session/session'
import { useText } from '@/i18n'
import { date, dateTime } from '@/i18n/format'
import {
  Button,
  Confirm,
  CopyLine,
  DataTable,
  type Equivalent,
  ErrorCard,
  FormError,
  LanguageChoice,
  Loaded,
  NewPassword,
  notice,
  PasswordField,
  Section,
  StatusBadge,
  Submit,
  Switch,
  setSingleKeys,
  TextField,
  ThemeChoice,
  useForm,
  useSingleKeys,
  value
} from '@/ui'
import { SettingsFrame, type SettingTab, settingTabs } from './Frame'
import { settingsText } from './text'

const Qr = lazy(() => import('./Qr'))

const views: Partial<Record<SettingTab, { View: (p: { me: Me }) => ReactNode; equivalent: Equivalent }>> = {
  profile: { View: Profile, equivalent: { cli: ['spark whoami'], api: ['GET /api/v1/me', 'PATCH /api/v1/me'] } },
  look: { View: Look, equivalent: { cli: ['spark --lang ru status'] } },
  security: { View: Security, equivalent: { api: ['POST /api/v1/auth/password', 'POST /api/v1/me/totp'] } },
  sessions: { View: Sessions, equivalent: { api: ['GET /api/v1/sessions', 'DELETE /api/v1/sessions/ID'] } },
  account: { View: Account, equivalent: { api: ['GET /api/v1/me/export', 'DELETE /api/v1/me'] } },
  node: { View: Node, equivalent: { api: ['GET /api/v1/node', 'PATCH /api/v1/node', 'GET /api/v1/node/storage'] } }
}

export default function SettingsPage() {
  const { tab = 'profile' } = useParams()
  const { me } = useSession()
  const view = (settingTabs as readonly string[]).includes(tab) ? views[tab as SettingTab] : undefined
  if (!view) return <NotFound />
  return (
    <SettingsFrame tab={tab as SettingTab} equivalent={view.equivalent}>
      {me && <view.View me={me} />}
    </SettingsFrame>
  )
}

function Node() {
  const t = useText(settingsText)
  const admin = useRight('admin')
  if (!admin) return <ErrorCard error={new ApiError(403, { code: 'forbidden' })} />
  return <NodeForm action={t.save} onDone={() => notice('ok', t.saved)} />
}

function useMeAgain(): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: ['GET /api/v1/me'] })
}

function Profile({ me }: { me: Me }) {
  const t = useText(settingsText)
  const again = useMeAgain()
  const form = useForm(
    async data => {
      await api('PATCH /api/v1/me', {
        body: { display_name: value(data, 'display_name') ?? me.login, email: value(data, 'email') ?? null }
      })
      await again()
      notice('ok', t.saved)
    },
    ['display_name', 'email']
  )
  return (
    <form onSubmit={form.onSubmit} className="stack narrow">
      <TextField label={t.login} value={me.login} readOnly />
      <TextField
        name="display_name"
        label={t.displayName}
        defaultValue={me.display_name}
        autoComplete="name"
        error={form.at('display_name')}
      />
      <TextField name="email" label={t.email} type="email" defaultValue={me.email ?? ''} autoComplete="email" error={form.at('email')} />
      <FormError form={form} />
      <div>
        <Submit form={form}>{t.save}</Submit>
      </div>
    </form>
  )
}

function Look() {
  const t = useText(settingsText)
  const keys = useSingleKeys()
  return (
    <div className="stack narrow">
      <LanguageChoice />
      <ThemeChoice />
      <Switch label={t.keys} description={t.keysHint} checked={keys} onChange={e => setSingleKeys(e.currentTarget.checked)} />
    </div>
  )
}

function Security({ me }: { me: Me }) {
  return (
    <div className="stack wide-gap">
      <Password />
      <Totp me={me} />
    </div>
  )
}

function Password() {
  const t = useText(settingsText)
  const form = useForm(
    async data => {
      await api('POST /api/v1/auth/password', { body: { current: String(data.get('current')), password: String(data.get('password')) } })
      notice('ok', t.changed)
    },
    ['current', 'password']
  )
  return (
    <Section title={t.password}>
      <form onSubmit={form.onSubmit} className="stack narrow">
        <PasswordField
          name="current"
          label={t.current}
          required
          withAsterisk={false}
          autoComplete="current-password"
          error={form.at('current')}
        />
        <NewPassword form={form} label={t.fresh} hint={t.passwordHint} />
        <FormError form={form} />
        <div>
          <Submit form={form}>{t.change}</Submit>
        </div>
      </form>
    </Section>
  )
}

function Totp({ me }: { me: Me }) {
  const t = useText(settingsText)
  const again = useMeAgain()
  const [secret, setSecret] = useState<TotpSecret | null>(null)
  const begin = () => api('POST /api/v1/me/totp').then(setSecret, e => notice('err', problemTitle(e)))
  const confirm = useForm(
    async data => {
      await api('POST /api/v1/me/totp/confirm', { body: { code: value(data, 'code') ?? '' } })
      setSecret(null)
      await again()
    },
    ['code']
  )
  const remove = useForm(
    async data => {
      await api('POST /api/v1/me/totp/remove', { body: { password: String(data.get('password')) } })
      await again()
    },
    ['password']
  )
  return (
    <Section title={t.totp}>
      <p className="row">
        <StatusBadge name={me.totp ? 'active' : 'offline'} word={me.totp ? t.totpOn : t.totpOff} />
      </p>
      {!me.totp && !secret && (
        <div>
          <Button onClick={() => void begin()}>{t.totpBegin}</Button>
        </div>
      )}
      {secret && (
        <form onSubmit={confirm.onSubmit} className="stack narrow">
          <p>{t.totpStep}</p>
          <Suspense fallback={<div className="qr" />}>
            <Qr text={secret.uri} label={t.totpQr} />
          </Suspense>
          <span className="faint">{t.totpSecret}</span>
          <CopyLine text={secret.secret} />
          <span className="faint">{t.totpUri}</span>
          <CopyLine text={secret.uri} />
          <TextField
            name="code"
            label={t.code}
            required
            withAsterisk={false}
            inputMode="numeric"
            autoComplete="one-time-code"
            error={confirm.at('code')}
          />
          <FormError form={confirm} />
          <div>
            <Submit form={confirm}>{t.confirm}</Submit>
          </div>
        </form>
      )}
      {me.totp && (
        <form onSubmit={remove.onSubmit} className="stack narrow">
          <PasswordField
            name="password"
            label={t.password}
            description={t.totpRemoveHint}
            required
            withAsterisk={false}
            autoComplete="current-password"
            error={remove.at('password')}
          />
          <FormError form={remove} />
          <div>
            <Submit form={remove}>{t.totpRemove}</Submit>
          </div>
        </form>
      )}
    </Section>
  )
}

function Sessions() {
  const t = useText(settingsText)
  const q = useApi('GET /api/v1/sessions', {})
  const client = useQueryClient()
  const end = (id: number) =>
    api('DELETE /api/v1/sessions/{id}', { path: { id } }).then(
      () => client.invalidateQueries({ queryKey: ['GET /api/v1/sessions'] }),
      e => notice('err', problemTitle(e))
    )
  return (
    <>
      <p className="dim">{t.sessionsLead}</p>
      <Loaded of={q}>
        {page => (
          <DataTable
            label={t.tabs.sessions}
            rows={page.items}
            rowKey={s => s.id}
            rowHeight={40}
            columns={[
              {
                key: 'program',
                title: t.program,
                width: 'minmax(180px, 1fr)',
                render: s => (
                  <span title={s.user_agent ?? ''}>
                    {programOf(s.user_agent)} {s.current && <StatusBadge name="active" word={t.thisOne} tint />}
                  </span>
                )
              },
              { key: 'address', title: t.address, width: '140px', render: s => s.ip ?? '—' },
              { key: 'began', title: t.began, width: '150px', minor: true, render: s => dateTime(s.created_at) },
              { key: 'used', title: t.used, width: '160px', minor: true, render: s => dateTime(s.used_at) },
              { key: 'ends', title: t.ends, width: '110px', minor: true, render: s => date(s.expires_at) },
              {
                key: 'actions',
                title: '',
                label: t.actions,
                width: '120px',
                align: 'end',
                render: s =>
                  s.current ? null : (
                    <Button look="quiet" onClick={() => void end(s.id)}>
                      {t.end}
                    </Button>
                  )
              }
            ]}
          />
        )}
      </Loaded>
    </>
  )
}

/** "Firefox on Linux" of what a browser says of itself; other programs as they are. */
function programOf(agent: string | null): string {
  if (!agent) return '—'
  const browser = /(Firefox|Edg|OPR|YaBrowser|Chrome|Safari)\//.exec(agent.replace(/Chrome\/[\d.]+ (?=.*(Edg|OPR|YaBrowser)\/)/, ''))?.[1]
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1]
  return browser
    ? [{ Edg: 'Edge', OPR: 'Opera', YaBrowser: 'Yandex Browser' }[browser] ?? browser, system].filter(Boolean).join(' · ')
    : agent
}

function Account({ me }: { me: Me }) {
  const t = useText(settingsText)
  const { leave } = useSessionActions()
  const [asks, ask] = useState(false)
  return (
    <div className="stack wide-gap">
      <Section title={t.export}>
        <p className="dim">{t.exportText}</p>
        <div>
          <a className="button-link" href="/api/v1/me/export" download={`netbit-${me.login}.json`}>
            {t.exportGo}
          </a>
        </div>
      </Section>
      <Section title={t.remove}>
        <p className="dim">{t.removeText}</p>
        <div>
          <Button look="danger" onClick={() => ask(true)}>
            {t.remove}
          </Button>
        </div>
      </Section>
      {asks && (
        <Confirm
          title={t.removeAsk}
          action={t.remove}
          danger
          typed={me.login}
          typeLabel={t.removeType}
          onConfirm={async () => {
            await api('DELETE /api/v1/me')
            await leave()
          }}
          onClose={() => ask(false)}
        >
          {t.removeText}
        </Confirm>
      )}
    </div>
  )
}
