// Walks every screen of the page in a real browser against the real server. web/e2e/run [--binary FILE] [--shots FOLDER] [--keep] [NAME...]

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { launch } from './lib/browser.mjs'
import { Report } from './lib/report.mjs'
import { root } from './lib/server.mjs'

const parts = ['wizard', 'walk', 'telemetry', 'units', 'order', 'alerts', 'audit', 'profile', 'outage', 'session', 'viewer']
const { values: o, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    binary: { type: 'string', default: join(root, 'build/netbit') },
    shots: { type: 'string' },
    help: { type: 'boolean' }
  }
})
if (o.help || only.some(x => !parts.includes(x))) {
  console.log(`web/e2e/run [--binary FILE] [--shots FOLDER: pictures of the main screens] [${parts.join('|')}]...`)
  process.exit(o.help ? 0 : 2)
}

const report = new Report()
const browser = await launch()
try {
  for (const name of parts) {
    if (only.length && !only.includes(name)) continue
    const part = await import(`./parts/${name}.mjs`)
    await report.part(name, () => part.default({ browser, report, binary: o.binary, shots: o.shots }))
  }
} finally {
  await browser.close()
}
process.exit(report.end())
