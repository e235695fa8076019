// Four live charts of 40,000 points in two layers, raw and physical: frames, moving picture, memory over time.
import { visit } from '../../lib/browser.mjs'
import { Feed } from '../../lib/feed.mjs'
import { best, changing, floors, fpsHere, frames, memory, round, slope } from '../../lib/measure.mjs'

const SIZE = { width: 1840, height: 1000 }
const WARM_MS = 3000
const WINDOW_MS = 8000
const LEAST = { 1: { mean: 58, p5: 45 }, 2: { mean: 45, p5: 30 } }
const calibration = { kind: 'affine', scale: 1.6, offset: -0.35 }

/* The server tells the page how raw values become physical ones in the schema of a series. It has no place yet where a person could enter that,
 * so it is added here, where the worker reads the confirmation; everything behind it (rings, calibration, thinning, drawing) is as it will be. */
const calibrate = calibration => {
  const parse = JSON.parse
  JSON.parse = text => {
    const m = parse(text)
    if (m?.op === 'sub.ok' && m.schema?.delivery === 'points') m.schema.calibration = calibration
    return m
  }
}

async function open(t, ids, dpr) {
  const v = await visit(t.browser, t.server, { cookie: t.cookie, ...SIZE, dpr })
  const worker = v.page.waitForEvent('worker')
  await v.page.goto(`${t.server.url}/settings`)
  await (await worker).evaluate(calibrate, calibration)
  await v.page.evaluate(to => history.pushState(null, '', to), `/telemetry/explore?series=${ids.join(';')}&from=now-20s&to=now&live=1`)
  for (let i = 0; i < 4; i++) await v.page.locator('.nb-chart').nth(i).getByRole('button', { name: 'both', exact: true }).click()
  await v.page.mouse.move(5, 5)
  await v.page.waitForFunction(() => document.querySelectorAll('.nb-chart-legend li').length === 8)
  await v.page.waitForTimeout(WARM_MS)
  return v
}

const look = page =>
  page.evaluate(() => ({
    pill: document.querySelector('.nb-live-pill')?.dataset.state,
    eco: document.querySelector('.nb-live-pill')?.textContent.includes('eco'),
    legends: [...document.querySelectorAll('.nb-chart-legend .nb-value')].map(e => e.textContent)
  }))

export async function liveCharts(t) {
  const { server, report } = t
  const token = await server.token('series:read series:write telemetry:write', t.session)
  const feed = new Feed(server, token)
  await feed.start()
  const { items } = await server.ok('GET', '/api/v1/series?name=voltage', undefined, token)
  const ids = items.map(s => s.id)
  report.check(ids.length === 4, `four series are there: ${ids}`)
  for (const dpr of [1, 2]) {
    const f = await best(t.browser, LEAST[dpr], {
      open: () => open(t, ids, dpr),
      measure: v => frames(v.page, WINDOW_MS),
      size: { ...SIZE, dpr }
    })
    const { v } = f
    const change = await changing(v.page, '.nb-chart-plot canvas')
    const state = await look(v.page)
    report.figures[`live_dpr${dpr}`] = round({ ...f.figures, layers: 2, changing: change })
    report.gate(f.good, `four live charts of 40,000 points in two layers at ${dpr} px: ${f.text}`)
    const moving = fpsHere('mean', 0.95, f.machine, f.figures)
    report.check(
      change >= moving,
      `the picture moves: in ${(100 * change).toFixed(0)} % of the frames, at least ${(100 * moving).toFixed(0)}`
    )
    report.check(state.pill === 'live' && (!state.eco || f.machine.slow > 1), `the pill: ${JSON.stringify(state)}`)
    report.check(
      state.legends.length === 8 && state.legends.every(x => /\d/.test(x)),
      `values of both layers beside the charts: ${state.legends}`
    )
    if (dpr === 1) await memoryOf(t, v)
    report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
    await v.context.close()
  }
  await feed.stop()
  report.check(feed.errors === 0, `all points were taken: ${feed.error}`)
}

/* The least of several readings is what the page keeps; garbage between two collections is not a leak. */
async function reading(t, v) {
  const all = []
  for (let i = 0; i < 3; i++) {
    all.push(await memory(t.browser, v.page))
    await v.page.waitForTimeout(400)
  }
  return { private: Math.min(...all.map(m => m.private)), heap: Math.min(...all.map(m => m.heap)) }
}

async function memoryOf(t, v) {
  const { report, soak: minutes } = t
  const first = await reading(t, v)
  const began = Date.now()
  const seen = [[0, first.private]]
  const every = minutes > 0 ? 30_000 : 12_000
  let last = first
  for (const end = began + (minutes > 0 ? minutes * 60_000 : every); Date.now() < end; ) {
    await v.page.waitForTimeout(Math.max(1, Math.min(every, end - Date.now())))
    last = await reading(t, v)
    seen.push([(Date.now() - began) / 60_000, last.private])
    if (minutes > 0)
      console.log(`memory after ${seen.at(-1)[0].toFixed(1)} min: ${last.private.toFixed(1)} MB, heap ${last.heap.toFixed(1)} MB`)
  }
  // The first tenth is warming up: caches fill, code is compiled. Buffers of pictures come and go by 10 MB; a leak lifts what is there without them.
  const settled = seen.slice(Math.floor(seen.length / 10))
  const grown = 10 * slope(floors(settled, 6))
  report.figures.memory = round({
    private_mb: last.private,
    heap_mb: last.heap,
    heap_growth_mb: last.heap - first.heap,
    minutes: seen.at(-1)[0],
    ...(minutes > 0 ? { mb_per_10_min: grown, mb_per_10_min_of_all: 10 * slope(settled) } : {})
  })
  report.check(last.private <= 100, `memory of the tab: ${last.private.toFixed(0)} MB, budget 100`)
  if (minutes > 0) report.gate(grown <= 1, `memory in ${minutes} minutes: ${grown.toFixed(2)} MB more every ten minutes, budget 1`)
  else report.check(last.heap - first.heap <= 1.5, `the heap grows by ${(last.heap - first.heap).toFixed(2)} MB in 12 s`)
}
