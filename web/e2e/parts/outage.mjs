// The server is killed and comes back: the page says so, keeps what it shows, and goes on by itself.
import { visit } from '../lib/browser.mjs'
import { open, until, withServer } from '../lib/world.mjs'

export default async function outage({ browser, report, binary }) {
  await withServer({ report, binary }, {}, async server => {
    const v = await visit(browser, server, { cookie: await server.cookie() })
    v.expected.push(/ERR_CONNECTION|ERR_EMPTY|WebSocket|Failed to load/)
    await open(v, server, '/units')
    const pill = () => v.page.locator('.nb-live-pill').first().getAttribute('data-state')
    await until('live', async () => (await pill()) === 'live')
    await v.page.evaluate(() => {
      window.__sameDocument = true
    })
    await server.kill()
    await until('the pill says that the connection is lost', async () => ['reconnecting', 'offline'].includes(await pill()))
    report.check(await v.page.locator('h1').isVisible(), 'the page stays')
    await until('offline after ten seconds', async () => (await pill()) === 'offline')
    report.check(/\d\d:\d\d:\d\d/.test((await v.page.locator('.nb-live-pill').first().textContent()) ?? ''), 'since when')
    await server.start()
    await until('live again by itself', async () => (await pill()) === 'live')
    report.check(await v.page.evaluate(() => window.__sameDocument === true), 'without loading the page again')
    report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
    await v.context.close()
  })
}
