// What the sidebar and the palette offer. A role without the right does not see the entry.
import { Activity, Bell, Boxes, Cpu, FolderKanban, Gauge, type LucideIcon, ScrollText, Settings, Users } from 'lucide-react'
import { useText } from '@/i18n'
import { href, type RouteName } from '../routes'

export type NavName = 'overview' | 'units' | 'telemetry' | 'packages' | 'alerts' | 'projects' | 'users' | 'audit' | 'settings'

export type NavItem = {
  name: NavName
  route: RouteName
  path: string
  icon: LucideIcon
  /** "g" and then this key, by its place on the keyboard. */
  key: string
  right?: string
  group: 'main' | 'admin'
}

export const navigation: NavItem[] = [
  { name: 'overview', route: 'overview', path: href('overview'), icon: Gauge, key: 'KeyO', group: 'main' },
  { name: 'units', route: 'units', path: href('units'), icon: Cpu, key: 'KeyU', right: 'unit:read', group: 'main' },
  { name: 'telemetry', route: 'telemetry', path: href('telemetry'), icon: Activity, key: 'KeyT', right: 'series:read', group: 'main' },
  { name: 'packages', route: 'packages', path: href('packages'), icon: Boxes, key: 'KeyP', group: 'main' },
  { name: 'alerts', route: 'alerts', path: '/alerts', icon: Bell, key: 'KeyA', right: 'alert:read', group: 'main' },
  { name: 'projects', route: 'projects', path: href('projects'), icon: FolderKanban, key: 'KeyR', group: 'admin' },
  { name: 'users', route: 'users', path: href('users'), icon: Users, key: 'KeyS', right: 'admin', group: 'admin' },
  { name: 'audit', route: 'audit', path: href('audit'), icon: ScrollText, key: 'KeyL', right: 'audit:read', group: 'admin' },
  { name: 'settings', route: 'settings', path: '/settings', icon: Settings, key: 'KeyC', group: 'admin' }
]

const en: Record<NavName, string> = {
  overview: 'Overview',
  units: 'Units',
  telemetry: 'Telemetry',
  packages: 'Packages',
  alerts: 'Alerts',
  projects: 'Projects',
  users: 'Users',
  audit: 'Audit log',
  settings: 'Settings'
}

const ru: typeof en = {
  overview: 'Обзор',
  units: 'Юниты',
  telemetry: 'Телеметрия',
  packages: 'Пакеты',
  alerts: 'Оповещения',
  projects: 'Проекты',
  users: 'Люди',
  audit: 'Журнал аудита',
  settings: 'Настройки'
}

export const navText = { en, ru }
export const useNavText = (): Record<NavName, string> => useText(navText)
