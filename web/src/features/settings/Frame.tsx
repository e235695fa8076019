import type { ReactNode } from 'react'
import { href } from '@/app/routes'
import { useRight } from '@/app/session/session'
import { useText } from '@/i18n'
import { type Equivalent, Page, Tabs } from '@/ui'
import { settingsText } from './text'

export const settingTabs = ['profile', 'look', 'security', 'sessions', 'tokens', 'account', 'node'] as const
export type SettingTab = (typeof settingTabs)[number]

export function SettingsFrame({
  tab,
  equivalent,
  actions,
  children
}: {
  tab: SettingTab
  equivalent: Equivalent
  actions?: ReactNode
  children: ReactNode
}) {
  const t = useText(settingsText)
  const admin = useRight('admin')
  const address = (k: SettingTab) => (k === 'tokens' ? href('tokens') : href('settings', k === 'profile' ? {} : { tab: k }))
  return (
    <Page title={t.title} tab={t.tabs[tab]} equivalent={equivalent} actions={actions}>
      <Tabs
        label={t.title}
        tabs={settingTabs.filter(k => k !== 'node' || admin).map(k => ({ href: address(k), name: t.tabs[k], here: k === tab }))}
      />
      {children}
    </Page>
  )
}
