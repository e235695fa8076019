// The audit log says what each entry is about, in both languages, and leads there; not to what is gone.
import { visit } from '../lib/browser.mjs'
import { ADMIN } from '../lib/server.mjs'
import { look, open, withServer } from '../lib/world.mjs'

const words = {
  en: { project: 'project', alert_rule: 'alert rule', alert_channel: 'alert channel', package: 'package', user: 'person' },
  ru: { project: 'проект', alert_rule: 'правило оповещений', alert_channel: 'канал оповещений', package: 'пакет', user: 'человек' }
}

/** What is told of: [action, kind, name, where it leads]. */
async function deeds(server) {
  const session = await server.login()
  const make = (path, body) => server.ok('POST', path, body, session)
  const project = await make('/api/v1/projects', { name: 'plant' })
  const rule = await make('/api/v1/alert-rules', { name: 'hot', kind: 'above', series: 'oven', threshold: 30 })
  const channel = await make('/api/v1/alert-channels', { name: 'hook', kind: 'webhook', url: 'https://example.org/' })
  await server.ok('DELETE', `/api/v1/alert-channels/${channel.id}`, undefined, session)
  await make('/api/spark/packages', { name: 'tool', display_name: 'Tool' })
  return [
    ['session.create', 'user', ADMIN.login, `/admin/users?q=${ADMIN.login}`],
    ['project.create', 'project', 'plant', `/admin/projects/${project.id}`],
    ['alert_rule.create', 'alert_rule', 'hot', `/alerts/rules?rule=${rule.id}`],
    ['alert_channel.create', 'alert_channel', 'hook', '/alerts/channels'],
    ['alert_channel.delete', 'alert_channel', 'hook', null],
    ['package.create', 'package', 'tool', '/packages/tool']
  ]
}

export default async function audit({ browser, report, binary }) {
  await withServer({ report, binary }, {}, async server => {
    const done = await deeds(server)
    for (const lang of ['en', 'ru']) {
      const v = await visit(browser, server, { cookie: await server.cookie(ADMIN.login, ADMIN.password) })
      await look(v, lang, 'light')
      for (const [action, kind, name, place] of done) {
        await open(v, server, `/admin/audit?action=${action}`)
        const row = v.page.locator('[role=row]', { hasText: action }).first()
        await row.waitFor()
        const text = (await row.textContent()) ?? ''
        report.check(text.includes(`${words[lang][kind]} ${name}`), `${lang}: ${action} is about ${kind} ${name}: ${text}`)
        const leads = await row.locator('a').evaluateAll(all => all.map(a => a.getAttribute('href')))
        report.check(place ? leads.includes(place) : leads.length === 0, `${lang}: ${action} leads to ${place}: ${leads}`)
      }
      await v.page.locator('[role=row] a', { hasText: 'tool' }).first().click()
      await v.page.waitForURL('**/packages/tool')
      report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
      await v.context.close()
    }
  })
}
