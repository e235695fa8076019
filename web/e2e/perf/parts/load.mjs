// What the first load weighs, and when something is seen.
import { visit } from '../../lib/browser.mjs'
import { aboutMachine, longer, machine, round, waits } from '../../lib/measure.mjs'

/* The page asks for its palette a second and a half after it stands: whether the network is idle before depends on the machine, and it is no part of
 * the first load. */
const LATER = /\/Palette-/

export async function weight({ browser, server, report, cookie }) {
  const v = await visit(browser, server, { cookie })
  const cdp = await v.context.newCDPSession(v.page)
  await cdp.send('Network.enable')
  const kinds = new Map()
  let bytes = 0
  let fonts = 0
  let files = 0
  cdp.on('Network.responseReceived', e => {
    if (!LATER.test(e.response.url)) kinds.set(e.requestId, e.type)
  })
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

async function firstPaint({ browser, server }, who) {
  const v = await visit(browser, server, who)
  const cdp = await v.context.newCDPSession(v.page)
  await cdp.send('Network.enable')
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 20, downloadThroughput: 1.25e6, uploadThroughput: 1.25e6 })
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const waited = await waits(browser)
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
  const f = await waited()
  await v.context.close()
  return { fcp, ...f }
}

const BUDGET_MS = 1200

export async function paint(t) {
  for (const [name, who] of [
    ['sign_in', {}],
    ['overview', { cookie: t.cookie }]
  ]) {
    let found
    for (let n = 1; n <= 3; n++) {
      const m = await machine(t.browser)
      const { fcp, ...f } = await firstPaint(t, who)
      const wanted = BUDGET_MS * longer(m, f)
      if (!found || fcp / wanted < found.fcp / found.wanted) found = { fcp, wanted, m, n, f }
      if (fcp <= wanted) break
    }
    const { fcp, wanted, m, n, f } = found
    t.report.figures[`paint_${name}`] = round({ fcp_ms: fcp, tries: n, slower: m.times }, 1)
    t.report.gate(
      fcp <= wanted,
      `first paint of ${name} at a quarter of the speed and 10 Mbit/s: ${fcp.toFixed(0)} ms (budget ${BUDGET_MS}, here ${wanted.toFixed(0)}); ${aboutMachine(m)}, its thread waited ${(100 * f.waited).toFixed(0)} % of the time for others`
    )
  }
}
