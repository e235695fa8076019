import { ChevronRight } from 'lucide-react'
import { Fragment, useSyncExternalStore } from 'react'
import { Link, useLocation } from 'wouter'
import { useText } from '@/i18n'
import { navigation, useNavText } from './navigation'
import { shellText } from './text'

// The last crumb is the name of what the page shows; the page tells it when it knows.
let name = ''
const listeners = new Set<() => void>()
const subscribe = (tell: () => void) => {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export function tellCrumb(next: string): () => void {
  name = next
  for (const tell of listeners) tell()
  return () => tellCrumb('')
}

export function Breadcrumbs() {
  const t = useText(shellText)
  const names = useNavText()
  const crumb = useSyncExternalStore(subscribe, () => name)
  const [location] = useLocation()
  const section = navigation.filter(n => n.path !== '/' && (location === n.path || location.startsWith(`${n.path}/`))).at(-1)
  const parts = section ? [{ label: names[section.name], path: section.path }] : []
  return (
    <nav className="crumbs" aria-label={t.breadcrumbs}>
      <ol>
        {parts.map(p => (
          <Fragment key={p.path}>
            <li aria-hidden="true">
              <ChevronRight size={13} />
            </li>
            <li>{crumb ? <Link href={p.path}>{p.label}</Link> : <span aria-current="page">{p.label}</span>}</li>
          </Fragment>
        ))}
        {crumb && (
          <>
            <li aria-hidden="true">
              <ChevronRight size={13} />
            </li>
            <li className="cut" aria-current="page">
              {crumb}
            </li>
          </>
        )}
      </ol>
    </nav>
  )
}
