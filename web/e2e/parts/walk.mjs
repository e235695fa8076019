// Every screen in both languages and both themes, and on a phone: nothing foreign, no errors, accessible, nothing cut; and with every text 40 % longer.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { visit } from '../lib/browser.mjs'
import { lengthen, overflow, violations } from '../lib/look.mjs'
import { demoUnits, look, open, withServer } from '../lib/world.mjs'

/** Every screen with its name; pictures are taken of those with `shot`. */
const screens = (unit, series) => [
  { name: 'overview', path: '/', shot: true },
  { name: 'units', path: '/units', shot: true },
  { name: 'unit', path: `/units/${unit}`, shot: true },
  { name: 'unit-logs', path: `/units/${unit}/logs`, shot: true },
  { name: 'unit-metrics', path: `/units/${unit}/metrics` },
  { name: 'unit-events', path: `/units/${unit}/events` },
  { name: 'unit-versions', path: `/units/${unit}/versions` },
  { name: 'packages', path: '/packages', shot: true },
  { name: 'package', path: '/packages/python-sensor', shot: true },
  { name: 'publish', path: '/publish' },
  { name: 'monitor', path: '/telemetry', shot: true },
  { name: 'explorer', path: `/telemetry/explore?series=${series.join(';')}&from=now-5m&to=now&live=1`, shot: true },
  { name: 'alerts', path: '/alerts', shot: true },
  { name: 'projects', path: '/admin/projects' },
  { name: 'users', path: '/admin/users' },
  { name: 'audit', path: '/admin/audit', shot: true },
  { name: 'tokens', path: '/settings/tokens' },
  { name: 'settings', path: '/settings' },
  { name: 'nowhere', path: '/there/is/no/such/page' }
]

export default async function walk({ browser, report, binary, shots }) {
  await withServer({ report, binary }, { demo: true }, async server => {
    const units = await demoUnits(server)
    const unit = (units.find(u => u.name === 'demo-sensor') ?? units[0]).unit_id
    const session = await server.login()
    const { json } = await server.call('GET', '/api/v1/series?limit=10', undefined, session)
    const items = json?.items ?? []
    const cookie = await server.cookie()
    const list = screens(
      unit,
      items
        .filter(s => s.kind !== 'text')
        .slice(0, 2)
        .map(s => s.id)
    )
    const kinds = ['en', 'ru'].flatMap(lang => ['light', 'dark'].map(theme => ({ lang, theme })))
    kinds.push({ lang: 'en', theme: 'light', phone: true }, { lang: 'ru', theme: 'dark', phone: true })
    // Two windows at a time: one loads while the other is looked at.
    const queue = [...kinds]
    const worker = async () => {
      for (let k = queue.shift(); k; k = queue.shift()) await one({ browser, report, server, cookie, list, shots, ...k })
    }
    await Promise.all([worker(), worker()])
  })
}

const phoneWindow = { width: 390, height: 844 }

async function one({ browser, report, server, cookie, list, shots, lang, theme, phone }) {
  const v = await visit(browser, server, { cookie, lang: lang === 'ru' ? 'ru-RU' : 'en-GB', scheme: theme, ...(phone && phoneWindow) })
  await look(v, lang, theme)
  for (const s of list) {
    const where = `${s.name} ${lang} ${theme}${phone ? ' phone' : ''}`
    const before = v.faults.length
    v.expected.length = 0
    if (s.name === 'nowhere') v.expected.push(/404/)
    try {
      await open(v, server, s.path)
      report.check((await v.page.getAttribute('html', 'lang')) === lang, `${where}: its language`)
      report.check((await v.page.locator('h1').count()) === 1, `${where}: one heading`)
      const bad = [...(await violations(v.page)), ...(await overflow(v.page)), ...(await v.violations())]
      report.check(bad.length === 0, `${where}: ${bad.join('\n    ')}`)
      report.check(v.faults.length === before, `${where}: ${v.faults.slice(before).join('; ')}`)
      if (shots && s.shot && !phone && (theme === 'light' || lang === 'en')) {
        mkdirSync(shots, { recursive: true })
        await v.page.screenshot({ path: join(shots, `${s.name}-${lang}-${theme}.png`) })
      }
      if (lang === 'en' && theme === 'light' && !phone) {
        await lengthen(v.page)
        const cut = await overflow(v.page)
        report.check(cut.length === 0, `${s.name}, texts 40 % longer: ${cut.join('\n    ')}`)
      }
    } catch (e) {
      report.check(false, `${where}: ${e.message.split('\n')[0]}`)
    }
  }
  await v.context.close()
}
