// Units that really run under an agent: their logs come while one looks; they are stopped, started and restarted from their page and from
// the list, and the processes on the machine follow. Prints how long the page took to show it.
import { visit } from '../lib/browser.mjs'
import { median } from '../lib/measure.mjs'
import { demoUnits, open, until, withServer } from '../lib/world.mjs'

const rounds = 5

export default async function units({ browser, report, binary }) {
  await withServer({ report, binary }, { demo: true }, async server => {
    const list = await demoUnits(server)
    const sensor = list.find(u => u.name === 'demo-sensor')
    const v = await visit(browser, server, { cookie: await server.cookie() })
    await logs(v, server, report, sensor)
    await commands(v, server, report, sensor)
    await dashboard(v, server, report)
    await several(v, server, report, list)
    await removal(v, server, report)
    report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
    report.check((await v.violations()).length === 0, "the page's policy is kept")
    await v.context.close()
  })
}

async function logs(v, server, report, unit) {
  await open(v, server, `/units/${unit.unit_id}/logs`)
  const lines = () => v.page.locator('[role=log], .log-view, .log').first().textContent()
  await until('lines of the log', async () => ((await lines()) ?? '').length > 40)
  const before = await lines()
  await until('more lines come by themselves', async () => (await lines()) !== before)
  report.check(true, 'logs')
}

const lives = pid => {
  try {
    process.kill(pid, 0)
    return true
  } catch (e) {
    if (e.code === 'EPERM') return true
    if (e.code === 'ESRCH') return false
    throw e
  }
}

const rowOf = async (server, unit_id) => server.ok('GET', `/api/spark/units/${unit_id}`, undefined, await server.login())

/** The unit as the server knows it, once it runs; its process is there. */
const running = (server, unit_id, other) =>
  until('the unit runs', async () => {
    const u = await rowOf(server, unit_id)
    return u.status === 'running' && !u.command_action && u.pid && u.pid !== other && lives(u.pid) ? u : null
  })

/* What the page shows of a unit after the last click, with the milliseconds since then: its state and its process. */
const watch = page =>
  page.evaluate(() => {
    window.__shown = []
    window.__clicked = 0
    const look = () => ({
      word: document.querySelector('.page-head .status')?.textContent.trim(),
      process: [...document.querySelectorAll('.facts dt')].find(e => e.textContent === 'Process')?.nextSibling.textContent
    })
    const see = () => {
      const now = look()
      const last = window.__shown.at(-1)
      if (now.word !== last?.word || now.process !== last?.process)
        window.__shown.push({ ...now, at: performance.now() - window.__clicked })
    }
    document.addEventListener(
      'click',
      () => {
        window.__clicked = performance.now()
        window.__shown = []
      },
      true
    )
    new MutationObserver(see).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true })
  })

/** Asks for it as a person does; how long until the page showed the state, of a process other than `process`. */
async function ask(page, verb, want, process) {
  await page.locator('.page-actions').getByRole('button', { name: verb, exact: true }).click()
  if (verb !== 'Start') await page.locator('dialog[open] .row.end').getByRole('button', { name: verb, exact: true }).click()
  const shown = await page.waitForFunction(
    ([want, process]) => window.__shown.find(s => s.word === want && s.process !== process),
    [want, String(process)],
    { polling: 20 }
  )
  return (await shown.jsonValue()).at
}

async function commands(v, server, report, unit) {
  const figures = { stop: [], restart: [] }
  await open(v, server, `/units/${unit.unit_id}`)
  await running(server, unit.unit_id)
  await v.page.waitForFunction(() => document.querySelector('.page-head .status')?.textContent.trim() === 'running')
  await watch(v.page)
  for (let i = 0; i < rounds; i++) {
    const first = await running(server, unit.unit_id)
    figures.stop.push(await ask(v.page, 'Stop', 'stopped', first.pid))
    await until('its process has ended', () => !lives(first.pid))
    await ask(v.page, 'Start', 'running', first.pid)
    const second = await running(server, unit.unit_id, first.pid)
    figures.restart.push(await ask(v.page, 'Restart', 'running', second.pid))
    await running(server, unit.unit_id, second.pid)
    report.check(!lives(second.pid), 'a restart ends the process that was there')
  }
  for (const [what, ms] of Object.entries(figures)) {
    report.check(ms.length === rounds, `${what} from the page`)
    console.log(`  ${what}: the page shows it after ${median(ms).toFixed(0)} ms (median of ${rounds}; worst ${Math.max(...ms).toFixed(0)})`)
  }
}

/* By keyboard alone: picks two rows, stops them, reads of each how it went, starts them again. */
async function several(v, server, report, list) {
  const names = ['demo-counter', 'demo-sensor']
  const page = v.page
  await open(v, server, '/units?sort=name')
  for (const u of list) report.check((await page.getByText(u.name, { exact: true }).count()) > 0, `the list shows ${u.name}`)
  await page.fill('.filter-box input', names.map(n => `name:${n}`).join(' '))
  await until('the filter shows two', async () => (await page.locator('.table-body input.pick').count()) === 2)
  for (const [verb, want] of [
    ['Stop', 'stopped'],
    ['Start', 'running']
  ]) {
    await page.locator('.table-body input.pick').first().focus()
    await page.keyboard.press('Space')
    await page.keyboard.press('Shift+ArrowDown')
    await page.locator('.bulk-bar').waitFor()
    report.check((await page.locator('.bulk-bar strong').textContent()) === '2 picked', 'both are picked')
    await page.locator('.bulk-bar').getByRole('button', { name: verb, exact: true }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.locator('dialog[open]')
    report.check((await dialog.locator('h2').textContent()) === `${verb} 2 units?`, 'what is asked')
    await page.keyboard.press('Enter')
    await until(
      `each says ${want}`,
      async () => (await dialog.locator('.bulk-list .dim').allTextContents()).filter(t => t === want).length === 2
    )
    report.check(/^2 done$/.test((await dialog.locator('[role=status]').textContent()) ?? ''), 'the sum')
    await page.keyboard.press('Escape')
    await until('the dialog has gone', async () => (await page.locator('dialog[open]').count()) === 0)
    report.check((await page.locator('.bulk-bar').count()) === 0, 'nothing is picked any more')
  }
  for (const name of names) await running(server, list.find(u => u.name === name).unit_id)
}

/* An administrator's dashboard has the units and the machines of others; a dialog gives the focus back. */
async function dashboard(v, server, report) {
  const page = v.page
  await open(v, server, '/dashboard')
  report.check((await page.textContent('h1')) === 'Overview', 'the dashboard is the overview')
  await page.getByText('demo-sensor', { exact: true }).first().waitFor()
  await until("the owner's machine stands there", async () => /demo/.test((await page.locator('.small-list').first().textContent()) ?? ''))
  await page.getByText('demo-sensor', { exact: true }).first().click()
  const stop = page.locator('.page-actions').getByRole('button', { name: 'Stop', exact: true })
  await stop.click()
  await page.locator('dialog[open]').waitFor()
  await page.keyboard.press('Escape')
  await until('the focus is where it was', () => stop.evaluate(e => e === document.activeElement))
}

async function removal(v, server, report) {
  const page = v.page
  await open(v, server, '/units?q=name:demo-crasher')
  await page.locator('.table-head input.pick').check()
  await page.locator('.bulk-bar').getByRole('button', { name: 'Remove', exact: true }).click()
  const go = page.locator('dialog[open] .row.end').getByRole('button', { name: 'Remove', exact: true })
  report.check(await go.isDisabled(), 'a removal waits for the number')
  await page.keyboard.type('1')
  await page.keyboard.press('Tab')
  await go.click()
  await until('it is removed', async () => (await page.locator('dialog[open] .bulk-list .dim').textContent()) === 'removed')
  await page.keyboard.press('Escape')
  await page.getByText('demo-crasher', { exact: true }).waitFor({ state: 'detached' })
  report.check(true, 'a unit is removed from the list')
}
