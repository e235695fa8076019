// A unit's log of 200 lines a second, followed: frames, and every line in its place, once.
import { visit } from '../../lib/browser.mjs'
import { best, frames, given, round } from '../../lib/measure.mjs'
import { patient } from '../../lib/patience.mjs'

const RATE = 200
const PAST = 3000
const WINDOW_MS = 6000
const LEAST = { mean: 55 }
const levels = ['info', 'info', 'info', 'debug', 'warn', 'info', 'error']

const text = n => `#${n} request ${(n * 7919) % 100_003} served in ${(n * 31) % 977} ms, ${'abcdefgh '.repeat(1 + (n % 9))}`

/** Lines as an agent sends them: batches, each line with the time of its own. */
class Lines {
  constructor(server, token, unit_id) {
    Object.assign(this, { server, token, unit_id, next: 1, errors: 0, stopped: false })
  }

  async send(n, at, step) {
    const from = this.next
    this.next += n
    const body = Array.from({ length: n }, (_, i) => ({
      telemetry_type: 'log',
      level: levels[(from + i) % levels.length],
      message: text(from + i),
      timestamp: new Date(at + i * step).toISOString()
    }))
    await this.server.ok('POST', `/api/spark/units/${this.unit_id}/telemetry`, body, this.token).catch(e => {
      this.errors++
      this.error = e
    })
  }

  async start() {
    const began = Date.now() - 1000 * (PAST / RATE)
    for (let i = 0; i < PAST; i += 500) await this.send(500, began + (1000 * i) / RATE, 1000 / RATE)
    this.running = this.run()
  }

  async run() {
    const began = Date.now()
    for (let sent = 0; !this.stopped; ) {
      const due = Math.floor(((Date.now() - began) * RATE) / 1000)
      if (due > sent) await this.send(due - sent, began + (1000 * sent) / RATE, 1000 / RATE)
      sent = Math.max(sent, due)
      await new Promise(r => setTimeout(r, 40))
    }
  }

  async stop() {
    this.stopped = true
    await this.running
  }
}

/* In the page, ten times a second: the numbers of the lines that stand in the document, from top to bottom, must be neighbours. */
const watch = page =>
  page.evaluate(() => {
    const seen = { looks: 0, lines: 0, wrong: '', newest: 0, behind: 0 }
    window.__log = seen
    const box = document.querySelector('.log-box')
    setInterval(() => {
      const lines = [...box.querySelectorAll('.log-line')].sort((a, b) => Number.parseFloat(a.style.top) - Number.parseFloat(b.style.top))
      const numbers = lines.map(e => Number(/#(\d+) /.exec(e.textContent)?.[1]))
      const bad = numbers.findIndex((n, i) => i > 0 && n !== numbers[i - 1] + 1)
      if (bad > 0) seen.wrong ||= `${numbers[bad - 1]} then ${numbers[bad]}`
      seen.looks++
      seen.lines = lines.length
      seen.newest = numbers.at(-1) ?? 0
      if (box.scrollTop + box.clientHeight < box.scrollHeight - 20) seen.behind++
    }, 100)
  })

const read = page => page.evaluate(() => ({ ...window.__log }))

async function open(t, unit) {
  const v = await visit(t.browser, t.server, { cookie: t.cookie, width: 1440, height: 900 })
  await v.page.goto(`${t.server.url}/units/${unit.unit_id}/logs`)
  await v.page.waitForSelector('.log-line')
  await watch(v.page)
  await v.page.waitForFunction(() => window.__log.looks > 20)
  return v
}

async function followed(page) {
  const before = await read(page)
  const f = await frames(page, WINDOW_MS)
  return { ...f, lines: (await read(page)).newest - before.newest }
}

export async function logs(t) {
  const { server, report } = t
  const token = await server.token('user package:read package:write unit:read unit:write telemetry:write', t.session)
  await server.ok('POST', '/api/spark/packages', { name: 'talker', display_name: 'Talker', is_public: true }, token)
  const version = { version: '1.0.0', download_url: 'http://127.0.0.1/p.tar.gz', checksum: '0'.repeat(64) }
  await server.ok('POST', '/api/spark/packages/talker/versions', version, token)
  await server.ok('POST', '/api/spark/packages/install', { package_name: 'talker', version: null }, token)
  const unit = await server.ok('POST', '/api/spark/units', { name: 'talker', package_name: 'talker' }, token)
  const lines = new Lines(server, token, unit.unit_id)
  await lines.start()
  const f = await best(t.browser, LEAST, { open: () => open(t, unit), measure: v => followed(v.page) })
  const { v } = f
  const after = await read(v.page)
  report.figures.logs = round({ ...f.figures, in_document: after.lines })
  report.gate(f.good, `a log of ${RATE} lines a second: ${f.text}`)
  const least = 0.7 * RATE * (WINDOW_MS / 1000) * given(f.figures)
  report.check(f.figures.lines >= least, `lines came: ${f.figures.lines}, at least ${least}`)
  report.check(after.wrong === '', `every line in its place, once: ${after.wrong}`)
  const most = after.looks * (1 / 10 + 1 - given(f.figures))
  report.check(after.behind <= most, `it follows the end: behind at ${after.behind} of ${after.looks} looks, at most ${most.toFixed(1)}`)
  report.check(after.lines < 200, `only what is in sight is in the document: ${after.lines} lines`)
  await lines.stop()
  await v.page.waitForFunction(n => window.__log.newest === n, lines.next - 1, { timeout: patient() })
  report.check((await read(v.page)).wrong === '', 'every line in its place at the end')
  report.check(lines.errors === 0, `all lines were taken: ${lines.error}`)
  report.check(v.faults.length === 0, `no errors: ${v.faults.slice(0, 3).join('; ')}`)
  await v.context.close()
}
