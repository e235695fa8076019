import { Link, useLocation } from 'wouter'
import { useText } from '@/i18n'
import { telemetryText } from './text'

export function Tabs() {
  const t = useText(telemetryText)
  const [location] = useLocation()
  const tabs = [
    ['/telemetry', t.monitor],
    ['/telemetry/explore', t.explorer]
  ] as const
  return (
    <nav className="tabs" aria-label={t.views}>
      {tabs.map(([path, name]) => (
        <Link key={path} href={path} aria-current={location === path ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  )
}
