// The list of 5,000 units: all of them run and beat every 30 seconds, with an hour of figures; it is scrolled through by the wheel.
import { visit } from '../../lib/browser.mjs'
import { best, presented, round, wheel } from '../../lib/measure.mjs'

/** The budget's number. */
const UNITS = 5000
const BEAT_MS = 30_000
const WARM_MS = 2000
const WINDOW_MS = 4000
/** Pixels a second: two screens of rows. */
const SPEED = 2000
/** presented: pictures of the moving list on the screen, which is the budget. mean: how often the page's own thread has its turn meanwhile; it makes
 * the rows that come and takes heartbeats in, and may be behind the pictures as long as rows are there in time. */
const LEAST = { presented: 55, mean: 40 }

/** Does fn for each item, so many at a time. */
async function each(items, atOnce, fn) {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await fn(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

async function make(server, token) {
  await server.ok('POST', '/api/spark/packages', { name: 'many', display_name: 'Many', is_public: true }, token)
  const version = { version: '1.0.0', download_url: 'http://127.0.0.1/p.tar.gz', checksum: '0'.repeat(64) }
  await server.ok('POST', '/api/spark/packages/many/versions', version, token)
  await server.ok('POST', '/api/spark/packages/install', { package_name: 'many', version: null }, token)
  const ids = []
  await each(
    Array.from({ length: UNITS }, (_, i) => i),
    32,
    async i => {
      const body = { name: `unit-${String(i).padStart(4, '0')}`, package_name: 'many' }
      const u = await server.ok('POST', '/api/spark/units', body, token)
      ids[i] = u.unit_id
      await server.ok('PUT', `/api/spark/units/${u.unit_id}/status`, { status: 'running', pid: 1000 + i }, token)
    }
  )
  return ids
}

/* An hour of figures, a point a minute, as the agents would have sent them. */
async function figures(server, token, ids) {
  const now = Date.now() * 1000
  const points = value => Array.from({ length: 60 }, (_, m) => [now - (59 - m) * 60e6, value(m)])
  const of = (unit_id, i) => [
    { name: 'unit_cpu_percent', labels: { unit_id }, unit: '%', points: points(m => Math.round(400 + 300 * Math.sin(m / 4 + i)) / 100) },
    { name: 'unit_rss_bytes', labels: { unit_id }, unit: 'By', points: points(m => 30_000_000 + 1000 * ((i * 37 + m * 911) % 4000)) }
  ]
  const parts = []
  for (let i = 0; i < ids.length; i += 100) parts.push(ids.slice(i, i + 100).flatMap((id, k) => of(id, i + k)))
  await each(parts, 2, series => server.ok('POST', '/api/v1/telemetry', { series }, token))
}

/** Heartbeats of all units, one after the other, each every 30 s: 167 a second. */
class Beats {
  constructor(server, token, ids) {
    Object.assign(this, { server, token, ids, at: 0, sent: 0, errors: 0, stopped: false })
    this.running = this.run()
  }

  async run() {
    const began = Date.now()
    while (!this.stopped) {
      const due = Math.floor(((Date.now() - began) * this.ids.length) / BEAT_MS)
      const now = Array.from({ length: Math.min(20, due - this.at) }, () => this.ids[this.at++ % this.ids.length])
      await Promise.all(now.map(id => this.beat(id)))
      this.sent += now.length
      await new Promise(r => setTimeout(r, 30))
    }
  }

  beat(id) {
    return this.server.ok('POST', `/api/spark/units/${id}/heartbeat`, {}, this.token).catch(e => {
      this.errors++
      this.error = e
    })
  }

  async stop() {
    this.stopped = true
    await this.running
  }
}

/* In the page: counts ages that became smaller, which only a heartbeat does, and looks whether rows stand where they should. */
const watch = page =>
  page.evaluate(() => {
    const seen = { younger: 0, looks: 0, blank: 0, far: 0 }
    window.__seen = seen
    const box = document.querySelector('.table-box')
    const seconds = text => Number(/^(\d+)\s*s ago$/.exec(text ?? '')?.[1] ?? Number.NaN)
    new MutationObserver(list => {
      for (const m of list) if (seconds(m.target.data) < seconds(m.oldValue)) seen.younger++
    }).observe(box, { subtree: true, characterData: true, characterDataOldValue: true })
    const r = box.getBoundingClientRect()
    setInterval(() => {
      const at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2)
      seen.looks++
      if (!at?.closest('.table-body [role=row]')) seen.blank++
      seen.far = Math.max(seen.far, box.scrollTop)
    }, 500)
  })

const flick = (page, ms) => wheel(page, ms, SPEED)

async function open(t) {
  const v = await visit(t.browser, t.server, { cookie: t.cookie, width: 1440, height: 900 })
  await v.page.goto(`${t.server.url}/units`)
  await v.page.waitForSelector('.table-body .nb-spark', { timeout: 60_000 })
  await watch(v.page)
  await v.page.waitForTimeout(WARM_MS)
  return v
}

export async function units(t) {
  const { server, report } = t
  const token = await server.token('user package:read package:write unit:read unit:write series:write telemetry:write', t.session)
  const ids = await make(server, token)
  await figures(server, token, ids)
  const beats = new Beats(server, token, ids)
  const f = await best(t.browser, LEAST, {
    open: () => open(t),
    measure: v => presented(t.browser, v.page, WINDOW_MS, () => flick(v.page, WINDOW_MS)),
    drive: flick
  })
  const { v } = f
  const rows = Number(await v.page.locator('[role=table]').first().getAttribute('aria-rowcount'))
  report.check(rows > UNITS, `the list has all units: ${rows}`)
  const seen = await v.page.evaluate(() => ({ ...window.__seen }))
  report.figures.units = round({ rows, ...f.figures, ...seen, beats: beats.sent })
  report.gate(f.good, `${UNITS} units, scrolling: ${f.text}`)
  report.check(seen.far > (SPEED * WINDOW_MS) / 2000, `it scrolled: ${seen.far} px`)
  report.check(seen.blank <= seen.looks / 20, `rows are there while it scrolls: missing at ${seen.blank} of ${seen.looks} looks`)
  // Beats of rows in sight are rare (34 of 5,000 rows): what counts is that they show at all, without a new list being asked for.
  await v.page.waitForFunction(() => window.__seen.younger >= 3, undefined, { timeout: 60_000 })
  await beats.stop()
  report.check(beats.errors === 0 && beats.sent > 100, `heartbeats were taken: ${beats.sent}, ${beats.error}`)
  report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
  await v.context.close()
}
