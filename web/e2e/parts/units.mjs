// A unit of the demo: its logs come while one looks, it is stopped and started from the page.
import { visit } from '../lib/browser.mjs'
import { demoUnits, open, until, withServer } from '../lib/world.mjs'

export default async function units({ browser, report, binary }) {
  await withServer({ report, binary }, { demo: true }, async server => {
    const list = await demoUnits(server)
    const unit = list.find(u => u.name === 'demo-sensor')
    const v = await visit(browser, server, { cookie: await server.cookie() })
    await open(v, server, `/units/${unit.unit_id}/logs`)
    const lines = () => v.page.locator('[role=log], .log-view, .log').first().textContent()
    await until('lines of the log', async () => ((await lines()) ?? '').length > 40)
    const before = await lines()
    await until('more lines come by themselves', async () => (await lines()) !== before)
    await open(v, server, '/units')
    for (const u of list) report.check((await v.page.getByText(u.name, { exact: true }).count()) > 0, `the list shows ${u.name}`)
    report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
    await v.context.close()
  })
}
