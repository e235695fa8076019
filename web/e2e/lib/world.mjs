// What several parts of the test need: a server with the living demo, and the people who look at it.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { patient } from './patience.mjs'
import { ADMIN, root, Server } from './server.mjs'

/** Waits until fn gives something true. */
export async function until(what, fn) {
  for (const end = Date.now() + patient(); ; ) {
    const got = await fn()
    if (got) return got
    if (Date.now() > end) throw new Error(`not within ${patient() / 1000} s: ${what}`)
    await sleep(100)
  }
}

/** Runs fn with a server that ends afterwards, well. */
export async function withServer({ report, binary }, options, fn) {
  if (options.demo) execFileSync('make', ['-sC', join(root, 'demo/c-program')])
  const server = await new Server({ binary, ...options }).start()
  try {
    await fn(server)
  } finally {
    const how = await server.stop()
    report.check(how === 0 || how === 'SIGKILL', `the server ended well: ${how}`)
  }
}

/** Units of the demo, once all of them have run. */
export const demoUnits = server =>
  until('the demo runs its units', async () => {
    const session = await server.login()
    const { units = [], items = units } = await server.ok('GET', '/api/spark/units', undefined, session)
    return items.length >= 4 && items.some(u => u.status === 'running') ? items : null
  })

/** Opens a page and waits until it shows itself. */
export async function open(v, server, path) {
  await v.page.goto(server.url + path)
  await settle(v.page)
}

/** Until nothing is loading any more: no skeletons, a heading, fonts. */
export async function settle(page) {
  await page.waitForSelector('h1')
  await page.waitForFunction(() => !document.querySelector('.skeleton'))
  await page.evaluate(() => document.fonts.ready)
}

export const look = (v, lang, theme) =>
  v.context.addInitScript(look => localStorage.setItem('netbit.look', look), JSON.stringify({ theme, lang }))

export async function signIn(page, login = ADMIN.login, password = ADMIN.password) {
  await page.fill('input[name=login]', login)
  await page.fill('input[name=password]', password)
  await page.click('form button[type=submit]')
}
