// Alerts that fire: several are acknowledged and silenced at once; builtin rules have names in both languages.
import { visit } from '../lib/browser.mjs'
import { look, open, until, withServer } from '../lib/world.mjs'

const names = ['attic', 'cellar', 'hall']

export default async function alerts({ browser, report, binary }) {
  await withServer({ report, binary }, {}, async server => {
    const session = await server.login()
    const token = await server.token('series:write telemetry:write', session)
    const series = names.map((room, i) => ({ name: 'temperature', labels: { room }, points: [[Date.now() * 1000, 40 + i]] }))
    const rule = { name: 'Too hot', kind: 'above', severity: 'warning', series: 'temperature', threshold: 30, for_s: 0 }
    await server.ok('POST', '/api/v1/alert-rules', rule, session)
    const active = async () => (await server.ok('GET', '/api/v1/alerts?state=active', undefined, session)).alerts
    await until('three alerts fire', async () => {
      for (const s of series) s.points = [[Date.now() * 1000, s.points[0][1]]]
      await server.ok('POST', '/api/v1/telemetry', { series }, token)
      return (await active()).filter(a => a.state === 'firing' && a.rule === 'Too hot').length === 3
    })
    const v = await visit(browser, server, { cookie: await server.cookie() })
    await open(v, server, '/alerts')
    await several(v, report, active)
    report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
    await v.context.close()
    await inRussian({ browser, report, server })
  })
}

async function several(v, report, active) {
  const { page } = v
  const rows = page.locator('.table-body [role=row]', { hasText: 'Too hot' })
  await until('three rows', async () => (await rows.count()) === 3)
  for (const row of [rows.nth(0), rows.nth(2)]) await row.locator('input.pick').check()
  await page.locator('.bulk-bar').getByRole('button', { name: 'I know' }).click()
  await page.locator('dialog[open] .row.end').getByRole('button', { name: 'I know' }).click()
  await page.getByText('2 done', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  const known = (await active()).filter(a => a.acknowledged_by === 'admin')
  report.check(known.length === 2, `two are acknowledged: ${known.length}`)
  await page.locator('.table-head input.pick').check()
  await page.locator('.bulk-bar').getByRole('button', { name: 'Silence' }).click()
  await page.getByRole('menuitem', { name: 'for 8 h' }).click()
  await page.locator('dialog[open] .row.end').getByRole('button', { name: 'Silence' }).click()
  await page.getByText(/^\d+ done$/).waitFor()
  await page.keyboard.press('Escape')
  const silenced = (await active()).filter(a => a.rule === 'Too hot' && Date.parse(a.silenced_until) > Date.now() + 7 * 3600_000)
  report.check(silenced.length === 3, `all are silenced: ${silenced.length}`)
}

async function inRussian({ browser, report, server }) {
  const v = await visit(browser, server, { cookie: await server.cookie() })
  await look(v, 'ru', 'light')
  await open(v, server, '/alerts/rules')
  await v.page.getByText('Netbit: диск занят на 80 %', { exact: true }).waitFor()
  report.check((await v.page.getByText('the disk is 80 % full').count()) === 0, 'builtin rules speak Russian')
  await v.context.close()
}
