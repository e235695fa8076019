// The order of a list that lives: it stands still while somebody is among the rows, by pointer or by keyboard; what is in the rows goes on, a note
// tells how many rows wait, and they move at a click or when one leaves.
import { visit } from '../lib/browser.mjs'
import { open, until, withServer } from '../lib/world.mjs'

const names = 'abcdefghijklmnop'.split('').map(x => `unit-${x}`)

export default async function order({ browser, report, binary }) {
  await withServer({ report, binary }, {}, async server => {
    const token = await server.token('user package:read package:write unit:read unit:write', await server.login())
    const ids = await make(server, token)
    const fail = async name => server.ok('PUT', `/api/spark/units/${ids.get(name)}/status`, { status: 'failed', reason: 'exit 1' }, token)
    const cookie = await server.cookie()
    await english(await visit(browser, server, { cookie }), server, report, fail)
    await russian(await visit(browser, server, { cookie, lang: 'ru-RU' }), server, report, fail)
  })
}

async function make(server, token) {
  await server.ok('POST', '/api/spark/packages', { name: 'many', display_name: 'Many', is_public: true }, token)
  const version = { version: '1.0.0', download_url: 'http://127.0.0.1/p.tar.gz', checksum: '0'.repeat(64) }
  await server.ok('POST', '/api/spark/packages/many/versions', version, token)
  await server.ok('POST', '/api/spark/packages/install', { package_name: 'many', version: null }, token)
  const ids = new Map()
  for (const name of names) {
    const u = await server.ok('POST', '/api/spark/units', { name, package_name: 'many' }, token)
    await server.ok('PUT', `/api/spark/units/${u.unit_id}/status`, { status: 'running', pid: 1000 }, token)
    ids.set(name, u.unit_id)
  }
  return ids
}

const rows = page => page.locator('.table-body a[data-opens]').allTextContents()
const note = async page => ((await page.locator('.order-note').textContent()) ?? '').trim()
const stateOf = (page, name) => page.locator('.table-body [role=row]', { hasText: name }).locator('.status').textContent()
const among = page => page.locator('.table-body [role=row]').nth(4).hover()
const away = page => page.mouse.move(2, 2)
const without = (...gone) => names.filter(n => !gone.includes(n))
const same = (a, b) => a.join() === b.join()

async function english(v, server, report, fail) {
  const page = v.page
  await open(v, server, '/units?sort=state')
  await until('all rows', async () => same(await rows(page), names))
  await among(page)
  await fail('unit-d')
  await until('what is in the row goes on', async () => /failed/.test((await stateOf(page, 'unit-d')) ?? ''))
  await until('one row waits', async () => (await note(page)) === '1 row will move')
  report.check(same(await rows(page), names), 'rows stay in their places under the pointer')
  await page.locator('.order-note button').click()
  await until('it moves at a click', async () => same(await rows(page), ['unit-d', ...without('unit-d')]))
  await until('the note is gone', async () => (await note(page)) === '')
  await fail('unit-g')
  await until('the next waits: one is still there', async () => (await note(page)) === '1 row will move')
  await away(page)
  await until('it moves when the pointer leaves', async () => same((await rows(page)).slice(0, 2), ['unit-d', 'unit-g']))
  report.check((await note(page)) === '', 'nothing waits then')
  await page.locator('.table-body a[data-opens]').nth(3).focus()
  await page.keyboard.press('ArrowDown')
  await fail('unit-i')
  await until('the keyboard holds the order, too', async () => (await note(page)) === '1 row will move')
  await page.locator('.order-note button').focus()
  await page.keyboard.press('Enter')
  await until('it moves at Enter', async () => same((await rows(page)).slice(0, 3), ['unit-d', 'unit-g', 'unit-i']))
  report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
  await v.context.close()
}

async function russian(v, server, report, fail) {
  const page = v.page
  await open(v, server, '/units?sort=state')
  await until('all rows', async () => (await rows(page)).length === names.length)
  const before = await rows(page)
  await among(page)
  for (const [gone, text] of [
    [['unit-n'], '1 строка сменит место'],
    [['unit-l'], '2 строки сменят место'],
    [['unit-o', 'unit-m', 'unit-k'], '5 строк сменят место']
  ]) {
    for (const name of gone) await fail(name)
    await until(text, async () => (await note(page)) === text)
  }
  report.check(same(await rows(page), before), 'the order stood still all the time')
  await away(page)
  await until('all take their places', async () => (await rows(page)).at(-1) === 'unit-p' && (await rows(page))[3] === 'unit-k')
  report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
  await v.context.close()
}
