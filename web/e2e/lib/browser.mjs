// Debian's Chromium (or that of CHROMIUM, or Google's) through playwright-core; pages that tell what must never happen: foreign requests, violations of the page's policy, errors.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { patient } from './patience.mjs'

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome-stable']
export const executablePath = places.find(f => f && existsSync(f))

/* Not --use-angle=swiftshader: it moves the drawing to SwiftShader, and 60 frames a second become 4. */
const args = ['--no-sandbox', '--enable-precise-memory-info', '--disable-dev-shm-usage']

export async function launch() {
  if (!executablePath) throw new Error("there is no Chromium: install Debian's package chromium, or set CHROMIUM to one")
  // Its settings and reports of crashes are not those of who runs the test.
  const home = mkdtempSync(join(tmpdir(), 'netbit-browser-'))
  process.on('exit', () => rmSync(home, { recursive: true, force: true }))
  const env = { ...process.env, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home }
  return chromium.launch({ executablePath, headless: true, args, env, timeout: patient() })
}

/** A signed-in (cookie) or unknown visitor's window. faults: everything that must not happen, as it happens. */
export async function visit(browser, server, { cookie, lang = 'en-GB', scheme = 'light', width = 1280, height = 800, dpr = 1 } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: dpr,
    locale: lang,
    colorScheme: scheme,
    reducedMotion: 'reduce'
  })
  const [name, value] = cookie?.split('=') ?? []
  if (cookie) await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Strict' }])
  context.setDefaultTimeout(patient())
  const page = await context.newPage()
  const faults = []
  const expected = []
  page.on('request', r => {
    const to = r.url()
    if (!to.startsWith(server.url) && !/^(data|blob):/.test(to) && !to.startsWith(server.url.replace('http', 'ws')))
      faults.push(`foreign request: ${to}`)
  })
  page.on('pageerror', e => faults.push(`error: ${e.stack ?? e}`))
  page.on('console', m => {
    if (m.type() === 'error' && !expected.some(x => x.test(m.text()))) faults.push(`console: ${m.text()} ${m.location().url}`)
  })
  await context.addInitScript(() => {
    window.__violations = []
    document.addEventListener('securitypolicyviolation', e => window.__violations.push(`${e.violatedDirective} ${e.blockedURI}`))
  })
  const violations = () => page.evaluate(() => window.__violations ?? [])
  return { context, page, faults, expected, violations }
}
