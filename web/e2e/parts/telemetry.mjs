// Numbers that come while one looks: the monitor's ages, the explorer's charts by keyboard, their table, CSV.
import { readFileSync } from 'node:fs'
import { visit } from '../lib/browser.mjs'
import { Feed } from '../lib/feed.mjs'
import { open, until, withServer } from '../lib/world.mjs'

export default async function telemetry({ browser, report, binary }) {
  await withServer({ report, binary }, {}, async server => {
    const session = await server.login()
    const token = await server.token('series:read series:write telemetry:write', session)
    const v = await visit(browser, server, { cookie: await server.cookie() })
    await open(v, server, '/telemetry')
    await v.page.locator('[role=row]', { hasText: 'netbit_db_up' }).first().waitFor()
    report.check(true, "the administrator's monitor begins with the node's own figures")
    const feed = new Feed(server, token, { channels: 2, rate: 50, past: 3500, name: 'pressure' })
    await feed.start()
    try {
      await monitor(v, server, report)
      await explorer(v, server, report)
      await silence(v, server, report, feed)
    } finally {
      await feed.stop()
    }
    report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
    report.check((await v.violations()).length === 0, "the page's policy is kept")
    await v.context.close()
  })
}

async function monitor(v, server, report) {
  await open(v, server, '/telemetry')
  const row = v.page.locator('[role=row]', { hasText: 'pressure' }).first()
  await row.waitFor()
  const value = () => row.locator('b.num').textContent()
  await until('a value in the monitor', async () => /\d/.test(await value()))
  const first = await value()
  await until('the value changes', async () => (await value()) !== first)
  await until('what comes is fresh', async () => (await row.locator('.age').textContent())?.includes('●'))
  await v.page.fill('.filter-box input', 'channel:2')
  await until('the filter finds one', async () => (await v.page.locator('[data-series]').count()) === 1)
  report.check(new URL(v.page.url()).searchParams.get('q') === 'channel:2', 'the filter stands in the address')
}

async function explorer(v, server, report) {
  await open(v, server, '/telemetry/explore?from=now-1m&to=now&live=1')
  await v.page.locator('.explorer-list button').first().click()
  await v.page.waitForSelector('.nb-chart canvas')
  report.check(/^\d+$/.test(new URL(v.page.url()).searchParams.get('series') ?? ''), 'the chosen series stands in the address')
  const legend = () => v.page.locator('.nb-chart-legend .nb-value').first().textContent()
  await until('a value beside the chart', async () => /\d/.test((await legend()) ?? ''))
  await v.page.locator('.nb-chart-plot').first().focus()
  await v.page.keyboard.press('ArrowLeft')
  await until('the cursor tells its moment', async () =>
    /\d\d:\d\d/.test((await v.page.locator('.nb-chart-cursor').first().textContent()) ?? '')
  )
  await v.page.keyboard.press('Shift+ArrowLeft')
  const back = v.page.locator('.nb-chart-live')
  await back.waitFor()
  report.check(new URL(v.page.url()).searchParams.get('live') === '0', 'moving in time stops the view')
  await until('points wait', async () => /\d/.test((await back.textContent()) ?? ''))
  await v.page.keyboard.press('Minus')
  await v.page.keyboard.press('Home')
  await until('Home goes back to live', async () => new URL(v.page.url()).searchParams.get('live') === '1')
  await drag(v, report)
  await v.page.locator('.nb-chart-tools button').last().click()
  await until('the table has numbers', async () =>
    /\d/.test(
      (await v.page
        .locator('.nb-chart-table tbody td')
        .nth(1)
        .textContent()
        .catch(() => '')) ?? ''
    )
  )
  const [file] = await Promise.all([v.page.waitForEvent('download'), v.page.locator('.nb-download').first().click()])
  const text = readFileSync(await file.path(), 'utf8')
  report.check(
    /\.csv$/.test(file.suggestedFilename()) && text.split('\n').length > 10 && /^\d{16},-?\d/m.test(text),
    `CSV: ${text.slice(0, 200)}`
  )
}

/* The picture stops under the pointer, and what was dragged over is shown. */
async function drag(v, report) {
  const box = await v.page.locator('.nb-chart .u-over').first().boundingBox()
  const y = box.y + box.height / 2
  await v.page.mouse.move(box.x + box.width * 0.25, y)
  await v.page.mouse.down()
  await v.page.mouse.move(box.x + box.width * 0.5, y, { steps: 5 })
  await v.page.mouse.move(box.x + box.width * 0.75, y, { steps: 5 })
  await v.page.mouse.up()
  await until('dragging zooms', async () => new URL(v.page.url()).searchParams.get('live') === '0')
  const q = new URL(v.page.url()).searchParams
  const width = Number(q.get('to')) - Number(q.get('from'))
  report.check(width > 20_000 && width < 40_000, `half of a minute was dragged over: ${width} ms`)
}

/* Nothing comes any more: amber after five seconds, red after ten. The page itself notes what it shows: it must be open and fresh before the silence
 * begins, and amber, which lasts five seconds, may pass between two of our looks. */
async function silence(v, server, report, feed) {
  await open(v, server, '/telemetry?q=channel:1')
  const age = v.page.locator('.table-body .age')
  await until('one row, fresh', async () => (await age.count()) === 1 && (await age.textContent())?.includes('●'))
  await v.page.evaluate(() => {
    window.__ages = ''
    const look = () => {
      const mark = /[●▲✕?]/.exec(document.querySelector('.table-body .age')?.textContent ?? '')?.[0] ?? ''
      if (!window.__ages.endsWith(mark)) window.__ages += mark
    }
    new MutationObserver(look).observe(document.querySelector('.table-body'), { subtree: true, childList: true, characterData: true })
  })
  await feed.stop()
  await until('red', async () => ((await age.textContent()) ?? '').includes('✕'))
  const ages = await v.page.evaluate(() => window.__ages)
  report.check(ages.endsWith('▲✕'), `amber, then red: ${ages}`)
}
