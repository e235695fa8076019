import { Ellipsis, PanelLeftClose, PanelLeftOpen, Search } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Link, Route, Switch, useLocation } from 'wouter'
import { useText } from '@/i18n'
import { LivePill } from '@/live'
import { useLiveConnection } from '@/live/hooks'
import { IconButton, Loading, Menu, setSite } from '@/ui'
import { CatchErrors } from '../errors/CatchErrors'
import { NotFound } from '../errors/NotFound'
import { useNodeName } from '../node/name'
import { prefetch, routes } from '../routes'
import { useKeptLook } from '../session/look'
import { hasRight, useSession } from '../session/session'
import { Breadcrumbs } from './Breadcrumbs'
import { useShortcuts } from './keys'
import { type NavItem, navigation, useNavText } from './navigation'
import { OfflineBar } from './OfflineBar'
import { ProjectSwitcher } from './ProjectSwitcher'
import { ProjectContext } from './project'
import './shell.css'
import { shellText } from './text'
import { UserMenu } from './UserMenu'

const loadPalette = () => import('../palette/Palette')
const Palette = lazy(loadPalette)
const Shortcuts = lazy(() => import('./Shortcuts'))

/** Header, sidebar and the page. */
export function Shell({ project }: { project: string | null }) {
  const t = useText(shellText)
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null)
  useLiveConnection(true)
  useKeptLook()
  const node = useNodeName()
  useEffect(() => setSite(node ?? 'Netbit'), [node])
  useShortcuts(setOpen)
  useEffect(() => {
    // Whoever presses Ctrl-K types at once: its code is there before.
    const timer = setTimeout(() => loadPalette().catch(() => {}), 1500)
    return () => clearTimeout(timer)
  }, [])
  return (
    <ProjectContext.Provider value={project}>
      <a className="skip" href="#content">
        {t.skip}
      </a>
      <div className="shell">
        <header className="header">
          <Link href="/" className="brand" aria-label={node ? `Netbit: ${node}` : 'Netbit'}>
            <img src="/favicon.svg" alt="" width="22" height="22" />
            {node && <span className="brand-name cut">{node}</span>}
          </Link>
          <ProjectSwitcher />
          <Breadcrumbs />
          <span className="grow" />
          <button type="button" className="palette-button" onClick={() => setOpen('palette')} title={t.palette}>
            <Search size={14} aria-hidden="true" />
            <span>{t.paletteHint}</span> <kbd>Ctrl K</kbd>
          </button>
          <LivePill />
          <UserMenu onShortcuts={() => setOpen('keys')} />
        </header>
        <Sidebar />
        <main className="main" id="content" tabIndex={-1}>
          <OfflineBar />
          <Pages />
        </main>
      </div>
      <Suspense fallback={null}>
        {open === 'palette' && <Palette onClose={() => setOpen(null)} />}
        {open === 'keys' && <Shortcuts onClose={() => setOpen(null)} />}
      </Suspense>
    </ProjectContext.Provider>
  )
}

function Pages() {
  const [location] = useLocation()
  useEffect(() => {
    document.getElementById('content')?.scrollTo(0, location ? 0 : 0)
  }, [location])
  return (
    <CatchErrors resetKey={location}>
      <Suspense
        fallback={
          <div className="page">
            <Loading />
          </div>
        }
      >
        <Switch>
          {routes.map(r => (
            <Route key={r.name} path={r.path} component={r.Page} />
          ))}
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </CatchErrors>
  )
}

const narrowPlace = 'netbit.sidebar'

/** On a phone the bar has room for the main sections; the others are behind its last button. */
function More({ items, here, onGo }: { items: NavItem[]; here: (path: string) => boolean; onGo: (path: string) => void }) {
  const t = useText(shellText)
  const names = useNavText()
  return (
    <Menu position="top-end" width={220}>
      <Menu.Target>
        <button type="button" className="nav-link nav-more" data-current={items.some(n => here(n.path)) || undefined}>
          <Ellipsis size={16} aria-hidden="true" />
          <span>{t.more}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.admin}</Menu.Label>
        {items.map(n => (
          <Menu.Item key={n.name} leftSection={<n.icon size={16} aria-hidden="true" />} onClick={() => onGo(n.path)}>
            {names[n.name]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function Sidebar() {
  const t = useText(shellText)
  const names = useNavText()
  const { me } = useSession()
  const [location, navigate] = useLocation()
  const [narrow, setNarrow] = useState(() => localStorage.getItem(narrowPlace) === 'narrow')
  const toggle = () => {
    localStorage.setItem(narrowPlace, narrow ? 'wide' : 'narrow')
    setNarrow(!narrow)
  }
  const here = (path: string) =>
    path === '/' ? location === '/' || location === '/dashboard' : location === path || location.startsWith(`${path}/`)
  const items = navigation.filter(n => !n.right || hasRight(me, n.right))
  const list = (group: string) =>
    items
      .filter(n => n.group === group)
      .map(n => (
        <li key={n.name}>
          <Link
            href={n.path}
            className="nav-link"
            aria-current={here(n.path) ? 'page' : undefined}
            title={narrow ? names[n.name] : undefined}
            onMouseEnter={() => prefetch(n.route)}
            onFocus={() => prefetch(n.route)}
          >
            <n.icon size={16} aria-hidden="true" />
            <span>{names[n.name]}</span>
          </Link>
        </li>
      ))
  return (
    <nav className={narrow ? 'sidebar narrow' : 'sidebar'} aria-label={t.menu}>
      <ul>{list('main')}</ul>
      <div className="sidebar-admin">
        <p id="sidebar-admin">{t.admin}</p>
        <ul aria-labelledby="sidebar-admin">{list('admin')}</ul>
      </div>
      <More items={items.filter(n => n.group === 'admin')} here={here} onGo={navigate} />
      <span className="grow" />
      <IconButton label={narrow ? t.expand : t.collapse} onClick={toggle} className="sidebar-toggle">
        {narrow ? <PanelLeftOpen size={16} /> : <PanelLeftClose size={16} />}
      </IconButton>
    </nav>
  )
}
