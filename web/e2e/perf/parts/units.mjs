// The list of 5,000 units with an hour of figures, scrolled through by the wheel: while all of them run and beat every 30 seconds; and while
// 200 a second change, most of them for another state and another process.
import { visit } from '../../lib/browser.mjs'
import { best, given, presented, round } from '../../lib/measure.mjs'
import { patient } from '../../lib/patience.mjs'
import { until } from '../../lib/world.mjs'
import { flick, judge, judgeRows, seenBy, watchRows } from '../scroll.mjs'

/** The budget's number. */
const UNITS = 5000
const BEAT_MS = 30_000
const WARM_MS = 2000
const WINDOW_MS = 4000
/** Changes of units a second. */
const CHANGES = 200
/** presented: pictures of the moving list on the screen, which is the budget. mean: how often the page's own thread has its turn meanwhile; it makes
 * the rows that come and takes heartbeats in, and may be behind the pictures as long as rows are there in time. */
const LEAST = { presented: 55, mean: 40 }

/** Share of its time that the page's main thread may work meanwhile. */
const BUSY = 0.6

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

/** What comes of units, `rate` a second, by `send(index)`: evenly, and caught up with when the machine was busy for a moment. */
class Coming {
  constructor(rate, send) {
    Object.assign(this, { rate, send, sent: 0, errors: 0, stopped: false })
    this.running = this.run()
  }

  async run() {
    const began = performance.now()
    for (let at = 0; !this.stopped; ) {
      const due = Math.floor(((performance.now() - began) * this.rate) / 1000)
      const now = Array.from({ length: Math.min(20, due - at) }, () => at++)
      await Promise.all(now.map(i => this.one(i)))
      this.sent += now.length
      if (due - at < 20) await new Promise(r => setTimeout(r, 30))
    }
  }

  one(i) {
    return this.send(i).catch(e => {
      this.errors++
      this.error = e
    })
  }

  async stop() {
    this.stopped = true
    await this.running
  }
}

/** Heartbeats of all units, one after the other: 167 a second. */
const beating = (server, token, ids) =>
  new Coming((ids.length * 1000) / BEAT_MS, i => server.ok('POST', `/api/spark/units/${ids[i % ids.length]}/heartbeat`, {}, token))

/* Another state or another process each time; neighbours in time are far from each other in the list. */
const changing = (server, token, ids) =>
  new Coming(CHANGES, i => {
    const id = ids[(i * 1543) % ids.length]
    const how = i % 3 === 0 ? { status: 'failed', exit_code: 1, reason: 'exit 1' } : { status: 'running', pid: 10_000 + i }
    return server.ok('PUT', `/api/spark/units/${id}/status`, how, token)
  })

/* In the page: counts ages that became smaller, which only a heartbeat does, and states that became others. */
const watch = page =>
  page.evaluate(() => {
    const seen = Object.assign(window.__seen, { younger: 0, changed: 0 })
    const seconds = text => Number(/^(\d+)\s*s ago$/.exec(text ?? '')?.[1] ?? Number.NaN)
    new MutationObserver(list => {
      for (const m of list) {
        if (seconds(m.target.data) < seconds(m.oldValue)) seen.younger++
        if (m.target.parentElement?.closest('.status')) seen.changed++
      }
    }).observe(document.querySelector('.table-box'), { subtree: true, characterData: true, characterDataOldValue: true })
  })

async function open(t) {
  const v = await visit(t.browser, t.server, { cookie: t.cookie, width: 1440, height: 900 })
  await v.page.goto(`${t.server.url}/units`)
  await v.page.waitForSelector('.table-body .nb-spark', { timeout: patient() })
  await v.page.mouse.move(720, 450)
  await watchRows(v.page)
  await watch(v.page)
  await v.page.waitForTimeout(WARM_MS)
  return v
}

/* Scrolls while something comes; leaves the page open. */
async function scrolled(t, what, coming) {
  const { report } = t
  const f = await best(t.browser, LEAST, {
    open: () => open(t),
    measure: v => presented(t.browser, v.page, WINDOW_MS, () => flick(v.page, WINDOW_MS)),
    drive: flick
  })
  const { v } = f
  const rows = Number(await v.page.locator('[role=table]').first().getAttribute('aria-rowcount'))
  report.check(rows > UNITS, `the list has all units: ${rows}`)
  const seen = await seenBy(v.page)
  judge(report, `${UNITS} units, ${what}, scrolling`, f, BUSY)
  judgeRows(report, seen, WINDOW_MS, f)
  return { v, figures: round({ rows, ...f.figures, ...seen, came: coming.sent }) }
}

export async function units(t) {
  const { server } = t
  const token = await server.token('user package:read package:write unit:read unit:write series:write telemetry:write', t.session)
  const ids = await make(server, token)
  await figures(server, token, ids)
  await beaten(t, beating(server, token, ids))
  await changed(t, token, changing(server, token, ids))
}

async function ended({ report }, { v, figures }, coming, name) {
  report.figures[name] = figures
  report.check(coming.errors === 0 && coming.sent > 100, `what came was taken: ${coming.sent}, ${coming.error}`)
  report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
  await v.context.close()
}

async function beaten(t, beats) {
  const s = await scrolled(t, 'all of them beating', beats)
  // Beats of rows in sight are rare (34 of 5,000 rows): what counts is that they show at all, without a new list being asked for.
  await s.v.page.waitForFunction(() => window.__seen.younger >= 3, undefined, { timeout: patient() })
  await beats.stop()
  await ended(t, s, beats, 'units')
}

/* Names of rows and the words of their states, as they stand in the document. */
const shown = page =>
  page.evaluate(() =>
    [...document.querySelectorAll('.table-body [role=row]')].map(r => [
      r.querySelector('a[data-opens]').textContent,
      r.querySelector('.status').textContent.trim()
    ])
  )

async function changed(t, token, changes) {
  const { server, report } = t
  const began = performance.now()
  const s = await scrolled(t, `${CHANGES} changes a second`, changes)
  const rate = (1000 * changes.sent) / (performance.now() - began)
  const least = 0.7 * CHANGES * given(s.figures)
  report.check(rate >= least, `changes came at their pace: ${rate.toFixed(0)} a second, at least ${least.toFixed(0)}`)
  await s.v.page.waitForFunction(() => window.__seen.changed >= 3, undefined, { timeout: patient() })
  await changes.stop()
  await until('the rows in sight are what the server says', async () => {
    const rows = await shown(s.v.page)
    const now = new Map()
    for (let cursor = ''; cursor !== null; ) {
      const page = await server.ok(
        'GET',
        `/api/spark/units?limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        undefined,
        token
      )
      for (const u of page.units) now.set(u.name, u.status)
      cursor = page.next_cursor
    }
    return rows.length > 10 && rows.every(([name, word]) => now.get(name) === word)
  })
  report.check(true, 'the rows in sight are what the server says')
  await ended(t, s, changes, 'units_changing')
}
