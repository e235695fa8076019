// The frame of a page: title, actions, the same from a terminal, content.
import { SquareTerminal } from 'lucide-react'
import { memo, type ReactNode, useEffect, useSyncExternalStore } from 'react'
import { useText } from '@/i18n'
import { CopyLine } from './Copy'
import { IconButton, Popover } from './controls'
import { uiText } from './text'

export type Equivalent = { cli?: string[]; api?: string[] }

/** The commands and calls that do what the page does. */
export const EquivalentButton = memo(function EquivalentButton({ cli = [], api = [] }: Equivalent) {
  const t = useText(uiText)
  return (
    <Popover position="bottom-end" width={460} trapFocus>
      <Popover.Target>
        <IconButton label={t.equivalent}>
          <SquareTerminal size={17} />
        </IconButton>
      </Popover.Target>
      <Popover.Dropdown className="equivalent">
        <p className="dim">{t.equivalentHint}</p>
        {cli.length > 0 && <h3>{t.commandLine}</h3>}
        {cli.map(line => (
          <CopyLine key={line} text={line} />
        ))}
        {api.length > 0 && <h3>API</h3>}
        {api.map(line => (
          <CopyLine key={line} text={curl(line)} />
        ))}
      </Popover.Dropdown>
    </Popover>
  )
})

function curl(line: string): string {
  const [method = 'GET', path = '/'] = line.split(' ')
  return `curl ${method === 'GET' ? '' : `-X ${method} `}-H "Authorization: Bearer $NETBIT_TOKEN" ${location.origin}${path}`
}

let site = 'Netbit'
const listeners = new Set<() => void>()
const onSite = (tell: () => void) => {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

/** What stands behind each page's title in the browser's tab. */
export function setSite(name: string): void {
  if (name === site) return
  site = name
  for (const tell of listeners) tell()
}

/** Title of the browser's tab while mounted. */
export function useTitle(title: string): void {
  const name = useSyncExternalStore(onSite, () => site)
  useEffect(() => {
    document.title = title ? `${title} · ${name}` : name
  }, [title, name])
}

type PageProps = {
  title: string
  tab?: string
  actions?: ReactNode
  equivalent?: Equivalent
  children: ReactNode
  fill?: boolean
  below?: ReactNode
}

/** fill: the content has the height that is left, and scrolls inside. */
export function Page({ title, tab, actions, equivalent, children, fill = false, below }: PageProps) {
  useTitle(tab ?? title)
  return (
    <div className={fill ? 'page fill' : 'page'}>
      <header className="page-head">
        <h1>{title}</h1>
        {below}
        <div className="page-actions">
          {actions}
          {equivalent && <EquivalentButton {...equivalent} />}
        </div>
      </header>
      {children}
    </div>
  )
}

export function Section({ title, actions, children, id }: { title: string; actions?: ReactNode; children: ReactNode; id?: string }) {
  return (
    <section className="section" id={id} aria-label={title}>
      <header className="section-head">
        <h2>{title}</h2>
        <div className="page-actions">{actions}</div>
      </header>
      {children}
    </section>
  )
}

/** Names and values, in one or two columns. */
export function Facts({ items }: { items: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '—'}</dd>
        </div>
      ))}
    </dl>
  )
}
