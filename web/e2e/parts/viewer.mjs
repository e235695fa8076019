// Who may only look: no entries of administration, a plain answer on a deep link, nothing that changes.
import { visit } from '../lib/browser.mjs'
import { open, withServer } from '../lib/world.mjs'

export default async function viewer({ browser, report, binary }) {
  await withServer({ report, binary }, { env: { NETBIT_REGISTRATION: 'open' } }, async server => {
    const person = { login: 'looker', password: 'password of looker' }
    await server.ok('POST', '/api/v1/auth/register', { ...person, display_name: 'Looker' })
    const v = await visit(browser, server, { cookie: await server.cookie(person.login, person.password) })
    v.expected.push(/40[34]/)
    await open(v, server, '/')
    const links = await v.page.locator('.sidebar a').evaluateAll(all => all.map(a => a.getAttribute('href')))
    report.check(
      links.includes('/units') && !links.includes('/admin/users') && !links.includes('/admin/audit'),
      `the sidebar of who may only look: ${links}`
    )
    for (const path of ['/admin/users', '/admin/audit']) {
      await open(v, server, path)
      const text = await v.page.locator('main').textContent()
      report.check(!text.includes('looker') || /no access|not allowed|may not|right/i.test(text), `${path}: ${text.slice(0, 200)}`)
      report.check(
        (await v.page.locator('main .error-card, main .empty, main [role=alert]').count()) > 0,
        `${path} says that there is no access`
      )
    }
    report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
    await v.context.close()
  })
}
