// The session ends while one works: the sign-in form, and afterwards the same page again.
import { visit } from '../lib/browser.mjs'
import { open, settle, signIn, until, withServer } from '../lib/world.mjs'

export default async function session({ browser, report, binary }) {
  await withServer({ report, binary }, {}, async server => {
    const cookie = await server.cookie()
    const v = await visit(browser, server, { cookie })
    v.expected.push(/40[13]/, /WebSocket/)
    await open(v, server, '/units?q=abc')
    const heading = await v.page.textContent('h1')
    await until('live', async () => (await v.page.locator('.nb-live-pill').first().getAttribute('data-state')) === 'live')
    await server.call('POST', '/api/v1/auth/logout', '{}', undefined, {
      cookie,
      'x-requested-by': 'netbit',
      origin: server.url
    })
    await v.page.waitForSelector('input[name=password]')
    report.check(new URL(v.page.url()).search === '?q=abc', 'the address stays')
    await signIn(v.page)
    await v.page.waitForSelector('.sidebar')
    await settle(v.page)
    report.check(
      (await v.page.textContent('h1')) === heading && new URL(v.page.url()).search === '?q=abc',
      'after signing in it is the same page'
    )
    await until('live again', async () => (await v.page.locator('.nb-live-pill').first().getAttribute('data-state')) === 'live')
    report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
    await v.context.close()
  })
}
