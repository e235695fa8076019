// Budgets of the page (U-8), measured. web/e2e/perf/run [--binary FILE] [--soak MINUTES] [--report FILE.json] [--throttle] [NAME...]
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { launch, visit } from '../lib/browser.mjs'
import { Feed } from '../lib/feed.mjs'
import { changing, frames, median, memory, round, slowness } from '../lib/measure.mjs'
import { Report } from '../lib/report.mjs'
import { root, Server } from '../lib/server.mjs'

const { values: o, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    binary: { type: 'string', default: join(root, 'build/netbit') },
    soak: { type: 'string', default: '0' },
    report: { type: 'string', default: join(root, 'build/web/perf.json') },
    help: { type: 'boolean' }
  }
})
if (o.help) {
  console.log(
    'web/e2e/perf/run [--binary FILE] [--soak MINUTES: memory must stay flat for so long] [--report FILE.json] [weight|paint|live|units|logs...]'
  )
  process.exit(0)
}

const report = new Report()
const wanted = name => only.length === 0 || only.includes(name)
const warm = 3000
const window = 8000
/** A number of units to list; the budget's is 5,000. */
const UNITS = 5000

const server = await new Server({ binary: o.binary }).start()
const browser = await launch()
const session = await server.login()
const cookie = await server.cookie()

/* On a slower machine a page that is as good needs as much longer: the budgets are those of the machine they were made on. */
const machine = await slowness(browser)
report.figures.machine = round(machine)
const least = fps => fps / machine.times
const most = ms => ms * machine.times

/** Good at the first try, or by the median of three: other work on the machine is not the page's fault. */
async function tries(measure, good) {
  const all = [await measure()]
  while (all.length < 3 && !all.some(good)) all.push(await measure())
  if (all.some(good) && all.length < 3) return all[all.length - 1]
  return Object.fromEntries(Object.keys(all[0]).map(k => [k, median(all.map(x => x[k]))]))
}

async function weight() {
  const v = await visit(browser, server, { cookie })
  const cdp = await v.context.newCDPSession(v.page)
  await cdp.send('Network.enable')
  const kinds = new Map()
  let bytes = 0
  let fonts = 0
  let files = 0
  cdp.on('Network.responseReceived', e => kinds.set(e.requestId, e.type))
  cdp.on('Network.loadingFinished', e => {
    const kind = kinds.get(e.requestId)
    if (kind === 'Script' || kind === 'Stylesheet') {
      bytes += e.encodedDataLength
      files++
    }
    if (kind === 'Font') fonts += e.encodedDataLength
  })
  await v.page.goto(`${server.url}/`, { waitUntil: 'networkidle' })
  await v.context.close()
  report.figures.weight = round({ scripts_and_styles_kb: bytes / 1024, files, fonts_kb: fonts / 1024 }, 1)
  report.check(bytes > 50_000, `the first load was seen: ${bytes} bytes`)
  report.check(bytes <= 190 * 1024, `first load: ${(bytes / 1024).toFixed(1)} KB gz of scripts and styles, budget 190`)
}

async function paint() {
  for (const [name, who] of [
    ['sign_in', {}],
    ['overview', { cookie }]
  ]) {
    const one = async () => {
      const v = await visit(browser, server, who)
      const cdp = await v.context.newCDPSession(v.page)
      await cdp.send('Network.enable')
      await cdp.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 20,
        downloadThroughput: 1.25e6,
        uploadThroughput: 1.25e6
      })
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
      await v.page.goto(`${server.url}/`, { waitUntil: 'load' })
      const fcp = await v.page.evaluate(
        () =>
          new Promise(resolve => {
            const done = () => {
              const e = performance.getEntriesByName('first-contentful-paint')[0]
              if (e) resolve(e.startTime)
              else setTimeout(done, 50)
            }
            done()
          })
      )
      await v.context.close()
      return { fcp_ms: fcp }
    }
    const got = await tries(one, x => x.fcp_ms <= most(1200))
    report.figures[`paint_${name}`] = round(got, 0)
    report.check(
      got.fcp_ms <= most(1200),
      `first paint of ${name} at a quarter of the speed and 10 Mbit/s: ${got.fcp_ms.toFixed(0)} ms, budget 1200`
    )
  }
}

async function liveCharts() {
  const token = await server.token('series:read series:write telemetry:write', session)
  const feed = new Feed(server, token)
  await feed.start()
  const { items } = await server.ok('GET', '/api/v1/series?name=voltage', undefined, token)
  const ids = items.map(s => s.id)
  report.check(ids.length === 4, `four series are there: ${ids}`)
  for (const dpr of [1, 2]) {
    const v = await visit(browser, server, { cookie, width: 1840, height: 1000, dpr })
    await v.page.goto(`${server.url}/telemetry/explore?series=${ids.join(';')}&from=now-20s&to=now&live=1`)
    await v.page.waitForSelector('.nb-chart-plot canvas')
    await v.page.waitForTimeout(warm)
    const budget = dpr === 1 ? { mean: 58, p5: 45 } : { mean: 45, p5: 30 }
    const good = f => f.mean >= least(budget.mean) && f.p5 >= least(budget.p5)
    const f = await tries(() => frames(v.page, window), good)
    const change = await changing(v.page, '.nb-chart-plot canvas')
    const state = await v.page.evaluate(() => ({
      pill: document.querySelector('.nb-live-pill')?.dataset.state,
      eco: document.querySelector('.nb-live-pill')?.textContent.includes('eco'),
      legends: [...document.querySelectorAll('.nb-chart-legend .nb-value')].map(e => e.textContent)
    }))
    report.figures[`live_dpr${dpr}`] = round({ ...f, changing: change })
    report.check(
      good(f),
      `four live charts at ${dpr} px: mean ${f.mean.toFixed(1)}, p5 ${f.p5.toFixed(1)} FPS; budget ${budget.mean} and ${budget.p5}`
    )
    report.check(change >= 0.95, `the picture moves: in ${(100 * change).toFixed(0)} % of the frames`)
    report.check(state.pill === 'live' && (!state.eco || machine.times > 1.2), `the pill: ${JSON.stringify(state)}`)
    report.check(state.legends.length === 4 && state.legends.every(x => /\d/.test(x)), `values beside the charts: ${state.legends}`)
    if (dpr === 1) await memoryOf(v)
    report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
    await v.context.close()
  }
  await feed.stop()
  report.check(feed.errors === 0, `all points were taken: ${feed.error}`)
}

/* The least of several readings is what the page keeps; garbage between two collections is not a leak. */
async function memoryOf(v) {
  const read = async () => {
    const all = []
    for (let i = 0; i < 3; i++) {
      all.push(await memory(browser, v.page))
      await v.page.waitForTimeout(400)
    }
    return { private: Math.min(...all.map(m => m.private)), heap: Math.min(...all.map(m => m.heap)) }
  }
  const minutes = Number(o.soak)
  const first = await read()
  const began = Date.now()
  await v.page.waitForTimeout(minutes > 0 ? minutes * 60_000 : 12_000)
  const last = await read()
  const passed = (Date.now() - began) / 60_000
  const slope = ((last.private - first.private) / passed) * 10
  report.figures.memory = round({
    private_mb: last.private,
    heap_mb: last.heap,
    heap_growth_mb: last.heap - first.heap,
    minutes: passed,
    mb_per_10_min: slope
  })
  report.check(last.private <= 100, `memory of the tab: ${last.private.toFixed(0)} MB, budget 100`)
  if (minutes > 0) report.check(slope <= 1, `memory grows by ${slope.toFixed(2)} MB in ten minutes, budget 1`)
  else report.check(last.heap - first.heap <= 1.5, `the heap grows by ${(last.heap - first.heap).toFixed(2)} MB in 12 s`)
}

/** Scrolls the box through and back with the wheel while frames are measured. */
async function scrolled(page, selector, ms) {
  const box = await page.locator(selector).first().boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  return frames(page, ms, async () => {
    for (const end = Date.now() + ms; Date.now() < end; ) {
      await page.mouse.wheel(0, 80) // 5,000 pixels a second: a fast flick
      await page.waitForTimeout(16)
    }
  })
}

async function units() {
  const token = await server.token('user package:read package:write unit:read unit:write', session)
  await server.ok('POST', '/api/spark/packages', { name: 'many', display_name: 'Many', is_public: true }, token)
  const version = { version: '1.0.0', download_url: 'http://127.0.0.1/p.tar.gz', checksum: '0'.repeat(64) }
  await server.ok('POST', '/api/spark/packages/many/versions', version, token)
  await server.ok('POST', '/api/spark/packages/install', { package_name: 'many', version: null }, token)
  const left = Array.from({ length: UNITS }, (_, i) => i)
  const worker = async () => {
    for (let i = left.pop(); i !== undefined; i = left.pop())
      await server.ok('POST', '/api/spark/units', { name: `unit-${String(i).padStart(4, '0')}`, package_name: 'many' }, token)
  }
  await Promise.all(Array.from({ length: 32 }, worker))
  const v = await visit(browser, server, { cookie, width: 1440, height: 900 })
  await v.page.goto(`${server.url}/units`)
  await v.page.waitForSelector('[role=table] [role=row]')
  await v.page.waitForTimeout(warm)
  const rows = Number(await v.page.locator('[role=table]').first().getAttribute('aria-rowcount'))
  report.check(rows > UNITS, `the list has all units: ${rows}`)
  const f = await tries(
    () => scrolled(v.page, '.table-box', 4000),
    x => x.mean >= least(55)
  )
  report.figures.units = round({ rows, ...f })
  report.check(f.mean >= least(55), `${UNITS} units, scrolling: ${f.mean.toFixed(1)} FPS, budget 55`)
  report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
  await v.context.close()
}

try {
  if (wanted('weight')) await report.part('weight', weight)
  if (wanted('paint')) await report.part('paint', paint)
  if (wanted('live')) await report.part('live', liveCharts)
  if (wanted('units')) await report.part('units', units)
} finally {
  await browser.close()
  const how = await server.stop()
  report.check(how === 0, `the server ended well: ${how}`)
}
mkdirSync(dirname(o.report), { recursive: true })
writeFileSync(o.report, `${JSON.stringify(report.figures, null, 2)}\n`)
console.log(JSON.stringify(report.figures))
process.exit(report.end())
