import { Link, useLocation } from 'wouter'
import { useText } from '@/i18n'
import { score } from '@/lib/keyboard-layout'
import { Page } from '@/ui'
import { navigation, useNavText } from '../shell/navigation'
import { errorText } from './text'

/** An address that nothing answers to: names what is near. */
export function NotFound() {
  const t = useText(errorText)
  const names = useNavText()
  const [location] = useLocation()
  const word = location.split('/').filter(Boolean).at(-1) ?? ''
  const near = navigation.filter(n => score(word.slice(0, 4), n.path) > 0).slice(0, 3)
  return (
    <Page title={t.notFound}>
      <p>{t.notFoundLead(location)}</p>
      {near.length > 0 && (
        <ul>
          {near.map(n => (
            <li key={n.path}>
              {t.near}: <Link href={n.path}>{names[n.name]}</Link>
            </li>
          ))}
        </ul>
      )}
      <p>
        <Link href="/">{t.home}</Link>
      </p>
    </Page>
  )
}
