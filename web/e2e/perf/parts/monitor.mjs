// The monitor of 2,000 sensors, each with two values a second: how busy the page is with the rows in sight, and how it scrolls through all of them.
import { visit } from '../../lib/browser.mjs'
import { best, frames, presented, round } from '../../lib/measure.mjs'
import { patient } from '../../lib/patience.mjs'
import { flick, judge, judgeRows, seenBy, watchRows } from '../scroll.mjs'

/** The budget's numbers. */
const SENSORS = 2000
const HZ = 2
const GROUPS = 20
const PAST_S = 120
const WARM_MS = 2000
const WINDOW_MS = 5000
const AT_REST = { mean: 55 }
/** The budget is of pictures; the page's own thread, which makes 62 rows a second meanwhile, may be behind them as long as rows are there in time:
 * it has its turn at every second picture on the reference machine. */
const SCROLLING = { presented: 55, mean: 20 }
/** Shares of its time that the page's main thread may work. */
const BUSY = { rest: 0.3, scrolling: 0.6 }

/** Sends for all sensors, a group after the other, so that values come evenly. */
class Sensors {
  constructor(server, token) {
    Object.assign(this, { server, token, sent: 0, errors: 0, stopped: false })
  }

  value(i, t) {
    return Math.round((20 + (i % 17) + 3 * Math.sin(t / 7 + i)) * 100) / 100
  }

  /* moments: seconds since 1970 */
  async send(group, moments) {
    const series = []
    for (let i = group; i < SENSORS; i += GROUPS) {
      const points = moments.map(t => [Math.round(t * 1e6), this.value(i, t)])
      series.push({ name: 'sensor', labels: { place: `room-${String(i).padStart(4, '0')}` }, unit: 'celsius', points })
    }
    await this.server.ok('POST', '/api/v1/telemetry', { series }, this.token).catch(e => {
      this.errors++
      this.error = e
    })
    this.sent += series.length * moments.length
  }

  async start() {
    const now = Date.now() / 1000
    const past = Array.from({ length: PAST_S * HZ }, (_, k) => now - PAST_S + k / HZ)
    for (let g = 0; g < GROUPS; g++) await this.send(g, past)
    this.running = this.run()
  }

  async run() {
    const began = performance.now()
    for (let turn = 0; !this.stopped; turn++) {
      await this.send(turn % GROUPS, [Date.now() / 1000])
      const wait = began + ((turn + 1) * 1000) / HZ / GROUPS - performance.now()
      if (wait > 0) await new Promise(r => setTimeout(r, wait))
    }
  }

  async stop() {
    this.stopped = true
    await this.running
  }
}

/* In the page: how often a value in sight becomes another. */
const watch = page =>
  page.evaluate(() => {
    window.__seen.changed = 0
    new MutationObserver(list => {
      for (const m of list) if (m.target.parentElement?.matches('b.num')) window.__seen.changed++
    }).observe(document.querySelector('.table-box'), { subtree: true, characterData: true })
  })

const SIZE = { width: 1440, height: 900 }

async function open(t) {
  const v = await visit(t.browser, t.server, { cookie: t.cookie, ...SIZE })
  await v.page.goto(`${t.server.url}/telemetry?q=name:sensor`)
  await v.page.waitForFunction(
    () => [...document.querySelectorAll('.table-body b.num')].filter(e => /\d/.test(e.textContent)).length > 20,
    undefined,
    {
      timeout: patient()
    }
  )
  await v.page.mouse.move(SIZE.width / 2, SIZE.height / 2)
  await watchRows(v.page)
  await watch(v.page)
  await v.page.waitForTimeout(WARM_MS)
  return v
}

async function atRest(t) {
  const { report } = t
  const f = await best(t.browser, AT_REST, {
    open: () => open(t),
    measure: async v => {
      const before = await seenBy(v.page)
      const got = await frames(v.page, WINDOW_MS)
      return { ...got, changed: (await seenBy(v.page)).changed - before.changed }
    },
    size: SIZE
  })
  const { v, figures } = f
  const rows = Number(await v.page.locator('[role=table]').first().getAttribute('aria-rowcount')) - 1
  report.figures.monitor = round({ rows, ...figures })
  report.check(rows === SENSORS, `the list has all sensors: ${rows}`)
  judge(report, `${SENSORS} sensors, at rest`, f, BUSY.rest)
  // 22 rows are in sight, and some more in the document; each has a new value twice a second.
  const least = (0.5 * 22 * HZ * WINDOW_MS) / 1000
  report.check(
    figures.changed >= least * Math.max(0.2, 1 - figures.waited),
    `values in sight change: ${figures.changed} times, at least ${least}`
  )
  report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
  await v.context.close()
}

async function scrolling(t) {
  const { report } = t
  const f = await best(t.browser, SCROLLING, {
    open: () => open(t),
    measure: v => presented(t.browser, v.page, WINDOW_MS, () => flick(v.page, WINDOW_MS)),
    drive: flick,
    size: SIZE
  })
  const { v } = f
  const seen = await seenBy(v.page)
  report.figures.monitor_scrolling = round({ ...f.figures, ...seen })
  judge(report, `${SENSORS} sensors, scrolling`, f, BUSY.scrolling)
  judgeRows(report, seen, WINDOW_MS, f)
  report.check(seen.rows < 120, `only what is in sight is in the document: ${seen.rows} rows`)
  // Where it came to rest, the rows have values, and new ones come.
  await v.page.waitForFunction(
    () => {
      const all = [...document.querySelectorAll('.table-body [role=row]')]
      return all.length > 20 && all.every(r => /\d/.test(r.querySelector('b.num').textContent) && r.querySelector('.age-fresh'))
    },
    undefined,
    { timeout: patient() }
  )
  const before = (await seenBy(v.page)).changed
  await v.page.waitForFunction(n => window.__seen.changed > n + 20, before, { timeout: patient() })
  report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
  await v.context.close()
}

export async function monitor(t) {
  const sensors = new Sensors(t.server, await t.server.token('series:read series:write telemetry:write', t.session))
  await sensors.start()
  await atRest(t)
  await scrolling(t)
  await sensors.stop()
  t.report.check(sensors.errors === 0 && sensors.sent > 0, `all values were taken: ${sensors.error}`)
}
