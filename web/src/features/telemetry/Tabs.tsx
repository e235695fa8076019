import { useLocation } from 'wouter'
import { useText } from '@/i18n'
import { Tabs as Views } from '@/ui'
import { telemetryText } from './text'

export function Tabs() {
  const t = useText(telemetryText)
  const [location] = useLocation()
  const tabs = [
    ['/telemetry', t.monitor],
    ['/telemetry/explore', t.explorer]
  ] as const
  return <Views label={t.views} tabs={tabs.map(([href, name]) => ({ href, name, here: location === href }))} />
}
