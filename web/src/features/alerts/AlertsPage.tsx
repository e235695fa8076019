import { useParams } from 'wouter'
import { NotFound } from '@/app/errors/NotFound'
import { href } from '@/app/routes'
import { useText } from '@/i18n'
import { Page, Tabs } from '@/ui'
import { AlertList } from './AlertList'
import { Channels } from './Channels'
import { Rules } from './Rules'
import { Silences } from './Silences'
import { alertText } from './text'

const tabs = ['active', 'history', 'rules', 'channels', 'silences'] as const
type Tab = (typeof tabs)[number]
const calls: Record<Tab, string[]> = {
  active: ['GET /api/v1/alerts?state=active', 'POST /api/v1/alerts/ID/acknowledge'],
  history: ['GET /api/v1/alerts?state=all'],
  rules: ['GET /api/v1/alert-rules', 'POST /api/v1/alert-rules'],
  channels: ['GET /api/v1/alert-channels', 'POST /api/v1/alert-channels/ID/test'],
  silences: ['GET /api/v1/alert-silences', 'DELETE /api/v1/alert-silences/ID']
}

export default function AlertsPage() {
  const t = useText(alertText)
  const { tab = 'active' } = useParams()
  if (!(tabs as readonly string[]).includes(tab)) return <NotFound />
  const here = tab as Tab
  return (
    <Page title={t.title} equivalent={{ api: calls[here] }}>
      <Tabs
        label={t.title}
        tabs={tabs.map(k => ({ href: href('alerts', k === 'active' ? {} : { tab: k }), name: t.tabs[k], here: k === here }))}
      />
      {here === 'active' && <AlertList state="active" />}
      {here === 'history' && <AlertList state="all" />}
      {here === 'rules' && <Rules />}
      {here === 'channels' && <Channels />}
      {here === 'silences' && <Silences />}
    </Page>
  )
}
