// What is a person's own: language and theme on another machine, one-time codes by a QR code.
import { createHmac } from 'node:crypto'
import decodeQR from 'qr/decode.js'
import { visit } from '../lib/browser.mjs'
import { overflow, violations } from '../lib/look.mjs'
import { ADMIN } from '../lib/server.mjs'
import { open, settle, signIn, until, withServer } from '../lib/world.mjs'

export default async function profile({ browser, report, binary }) {
  await withServer({ report, binary }, {}, async server => {
    await look({ browser, report, server })
    await codes({ browser, report, server })
  })
}

const shown = page =>
  page.evaluate(() => `${document.documentElement.lang} ${document.documentElement.getAttribute('data-mantine-color-scheme')}`)

async function look({ browser, report, server }) {
  const v = await visit(browser, server, { cookie: await server.cookie() })
  await open(v, server, '/settings/look')
  report.check((await shown(v.page)) === 'en light', 'as the browser has it')
  await v.page.getByText('Dark', { exact: true }).click()
  await v.page.getByText('Русский', { exact: true }).first().click()
  const me = async () => server.ok('GET', '/api/v1/me', undefined, await server.login())
  await until('the profile has it', async () => {
    const { lang, theme } = await me()
    return lang === 'ru' && theme === 'dark'
  })
  report.check((await shown(v.page)) === 'ru dark', 'it is applied at once')
  await v.context.close()

  const other = await visit(browser, server)
  other.expected.push(/401/)
  await other.page.goto(server.url)
  await other.page.waitForSelector('input[name=login]')
  report.check((await shown(other.page)) === 'en light', 'before signing in, another machine shows its own')
  await signIn(other.page)
  await other.page.waitForSelector('.sidebar')
  await until("after signing in, the person's", async () => (await shown(other.page)) === 'ru dark')
  await settle(other.page)
  report.check((await other.page.textContent('h1')) === 'Обзор', 'in their language')
  await other.page.reload()
  report.check((await shown(other.page)) === 'ru dark', 'from the first paint of the next visit')
  await other.context.close()

  // What is chosen at the door is the newest wish.
  const third = await visit(browser, server)
  third.expected.push(/401/)
  await third.page.goto(server.url)
  await third.page.waitForSelector('input[name=login]')
  await third.page.getByText('Русский', { exact: true }).click()
  await third.page.getByText('English', { exact: true }).click()
  await signIn(third.page)
  await third.page.waitForSelector('.sidebar')
  await until('the profile follows', async () => (await me()).lang === 'en')
  await until('the theme is as before', async () => (await shown(third.page)) === 'en dark')
  report.check(third.faults.length === 0, `no errors: ${third.faults.join('; ')}`)
  await third.context.close()
}

/* RFC 6238 with what authenticators do by default. */
function code(secret, now = Date.now()) {
  const bits = [...secret.replace(/=+$/, '')].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map(b => Number.parseInt(b, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)))
  const mac = createHmac('sha1', key).update(step).digest()
  const n = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff
  return String(n % 1_000_000).padStart(6, '0')
}

/* The picture as a phone's camera would have it: pixels, not the page's own data. */
async function scan(page) {
  const { width, height, data } = await page.evaluate(async () => {
    const svg = document.querySelector('svg.qr').cloneNode(true)
    svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
    svg.setAttribute('width', '480')
    svg.setAttribute('height', '480')
    const image = new Image()
    image.src = URL.createObjectURL(new Blob([svg.outerHTML], { type: 'image/svg+xml' }))
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 480
    const g = canvas.getContext('2d')
    g.drawImage(image, 0, 0)
    const pixels = g.getImageData(0, 0, 480, 480)
    return { width: 480, height: 480, data: [...pixels.data] }
  })
  return decodeQR({ width, height, data: Uint8ClampedArray.from(data) })
}

async function codes({ browser, report, server }) {
  const v = await visit(browser, server, { cookie: await server.cookie(), scheme: 'dark' })
  await open(v, server, '/settings/security')
  await v.page.getByRole('button', { name: 'Turn on' }).click()
  await v.page.waitForSelector('svg.qr')
  const uri = new URL(await scan(v.page))
  const secret = uri.searchParams.get('secret')
  report.check(uri.protocol === 'otpauth:' && /^[A-Z2-7]{16,}$/.test(secret ?? ''), `what the QR code says: ${uri}`)
  report.check((await v.page.locator('.copy-line pre').allTextContents()).includes(secret), 'the same secret stands there as text')
  const bad = [...(await violations(v.page)), ...(await overflow(v.page))]
  report.check(bad.length === 0, `one-time codes: ${bad.join('\n    ')}`)
  await v.page.fill('input[name=code]', code(secret))
  await v.page.keyboard.press('Enter')
  await v.page.getByRole('button', { name: 'Turn off' }).waitFor()
  report.check(v.faults.length === 0, `no errors: ${v.faults.join('; ')}`)
  await v.context.close()

  const again = await visit(browser, server)
  again.expected.push(/401/)
  await again.page.goto(server.url)
  await again.page.waitForSelector('input[name=login]')
  await signIn(again.page, ADMIN.login, ADMIN.password)
  await again.page.waitForSelector('input[name=otp]')
  await again.page.fill('input[name=otp]', code(secret, Date.now() + 30_000)) // the present one is spent
  await again.page.keyboard.press('Enter')
  await again.page.waitForSelector('.sidebar')
  report.check(true, 'a code of the scanned secret signs in')
  await again.context.close()
}
