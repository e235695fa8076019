// The one list of pages: address, code, place in the sidebar. Features know nothing of each other; here they meet.
import { type ComponentType, lazy } from 'react'

type Module = { default: ComponentType }
export type RouteName = keyof typeof table
type Route = { path: string; load: () => Promise<Module> }

const table = {
  overview: { path: '/', load: () => import('@/features/overview/OverviewPage') },
  dashboard: { path: '/dashboard', load: () => import('@/features/overview/OverviewPage') },
  units: { path: '/units', load: () => import('@/features/units/UnitsPage') },
  unit: { path: '/units/:id/:tab?', load: () => import('@/features/units/UnitPage') },
  telemetry: { path: '/telemetry', load: () => import('@/features/telemetry/MonitorPage') },
  explore: { path: '/telemetry/explore', load: () => import('@/features/telemetry/ExplorerPage') },
  packages: { path: '/packages', load: () => import('@/features/packages/PackagesPage') },
  publish: { path: '/publish', load: () => import('@/features/packages/PublishPage') },
  package: { path: '/packages/:name', load: () => import('@/features/packages/PackagePage') },
  alerts: { path: '/alerts/:tab?', load: () => import('@/features/alerts/AlertsPage') },
  audit: { path: '/admin/audit', load: () => import('@/features/audit/AuditPage') },
  users: { path: '/admin/users', load: () => import('@/features/admin/UsersPage') },
  projects: { path: '/admin/projects', load: () => import('@/features/projects/ProjectsPage') },
  project: { path: '/admin/projects/:id', load: () => import('@/features/projects/ProjectPage') },
  tokens: { path: '/settings/tokens', load: () => import('@/features/settings/TokensPage') },
  settings: { path: '/settings/:tab?', load: () => import('@/features/settings/SettingsPage') }
} as const satisfies Record<string, Route>

/** In the order in which addresses are tried. */
export const routes = Object.entries(table).map(([name, r]) => ({
  name: name as RouteName,
  path: r.path,
  load: r.load,
  Page: lazy(r.load)
}))

type Param<P extends string> = P extends `${string}:${infer A}/${infer Rest}`
  ? A | Param<`/${Rest}`>
  : P extends `${string}:${infer A}`
    ? A
    : never
type Needed<P extends string> = { [K in Param<P> as K extends `${string}?` ? never : K]: string | number } & {
  [K in Param<P> as K extends `${infer N}?` ? N : never]?: string
}
type Args<N extends RouteName> = keyof Needed<(typeof table)[N]['path']> extends never ? [] : [Needed<(typeof table)[N]['path']>]

/** The address of a page: href('unit', { id, tab: 'logs' }). */
export function href<N extends RouteName>(name: N, ...args: Args<N>): string {
  const values = (args[0] ?? {}) as Record<string, string | number>
  const path = table[name].path.replace(/\/:(\w+)(\??)/g, (_, key: string) =>
    values[key] === undefined ? '' : `/${encodeURIComponent(String(values[key]))}`
  )
  return path || '/'
}

/** Fetches a page's code before the click. */
export function prefetch(name: RouteName): void {
  table[name].load().catch(() => {}) // the click will try again and say what is wrong
}
