// Budgets of the page (U-8), measured. web/e2e/perf/run [--binary FILE] [--soak MINUTES] [--report FILE.json] [NAME...]
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { launch } from '../lib/browser.mjs'
import { Report } from '../lib/report.mjs'
import { root, Server } from '../lib/server.mjs'
import { liveCharts } from './parts/live.mjs'
import { paint, weight } from './parts/load.mjs'
import { logs } from './parts/logs.mjs'
import { monitor } from './parts/monitor.mjs'
import { units } from './parts/units.mjs'

// monitor before units: their 10,000 series would fill the page's list of 5,000
const parts = { weight, paint, live: liveCharts, monitor, units, logs }

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
    `web/e2e/perf/run [--binary FILE] [--soak MINUTES: memory must stay flat for so long] [--report FILE.json] [${Object.keys(parts).join('|')}...]`
  )
  process.exit(0)
}

const report = new Report()
const server = await new Server({ binary: o.binary }).start()
const browser = await launch()
try {
  const t = { browser, server, report, soak: Number(o.soak) }
  // Each part signs in anew: after half an hour of the one before nothing of that is valid.
  const signedIn = async () => ({ ...t, session: await server.login(), cookie: await server.cookie() })
  for (const [name, part] of Object.entries(parts))
    if (only.length === 0 || only.includes(name)) await report.part(name, async () => part(await signedIn()))
} finally {
  await browser.close()
  const last = server.tail(1500)
  const how = await server.stop()
  report.check(how === 0, `the server ended well: ${how}\n${last}`)
}
mkdirSync(dirname(o.report), { recursive: true })
writeFileSync(o.report, `${JSON.stringify(report.figures, null, 2)}\n`)
console.log(JSON.stringify(report.figures))
process.exit(report.end())
