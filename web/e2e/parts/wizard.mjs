// The first start: the console's link, three steps, the overview; then out and in again.
import { visit } from '../lib/browser.mjs'
import { overflow, violations } from '../lib/look.mjs'
import { settle, signIn, until, withServer } from '../lib/world.mjs'

export default async function wizard({ browser, report, binary }) {
  await withServer({ report, binary }, { admin: false }, async server => {
    const link = await until('the console prints the link', () => /\/setup\S*[?&]token=[\w.~-]+/.exec(server.tail(20_000))?.[0])
    for (const lang of ['ru-RU', 'en-GB']) {
      const v = await visit(browser, server, { lang })
      await v.page.goto(server.url + link)
      await v.page.waitForSelector('h1')
      report.check((await v.page.getAttribute('html', 'lang')) === lang.slice(0, 2), `the wizard speaks the browser's language (${lang})`)
      await v.page.click('form button[type=submit], button:has-text("Next"), button:has-text("Далее"), button:has-text("Дальше")')
      await v.page.waitForSelector('input[name=login]')
      for (const bad of [...(await violations(v.page)), ...(await overflow(v.page))]) report.check(false, `wizard ${lang}: ${bad}`)
      if (lang === 'en-GB') await walk(v, report)
      report.check(v.faults.length === 0, `wizard ${lang}: ${v.faults.join('; ')}`)
      report.check((await v.violations()).length === 0, `wizard ${lang}: the page's policy is kept`)
      await v.context.close()
    }
    const again = await visit(browser, server)
    again.expected.push(/40[0-9]/)
    await again.page.goto(`${server.url}/`)
    await signIn(again.page, 'first', 'correct horse battery')
    await again.page.waitForSelector('.sidebar')
    report.check(true, 'who was made by the wizard can sign in')
    await again.context.close()
  })
}

async function walk(v, report) {
  await signIn(v.page, 'first', 'correct horse battery')
  await v.page.waitForSelector('.facts')
  await settle(v.page)
  report.check(/\/data/.test((await v.page.textContent('.facts')) ?? ''), 'the wizard says where the data lies')
  for (const bad of [...(await violations(v.page)), ...(await overflow(v.page))]) report.check(false, `wizard, the node: ${bad}`)
  await v.page.fill('input[name=name]', 'Lab 7')
  await v.page.click('form button[type=submit]')
  await v.page.waitForSelector('input[name=display_name]')
  await v.page.fill('input[name=name]', 'lab')
  await v.page.click('form button[type=submit]')
  await v.page.waitForSelector('.sidebar')
  await settle(v.page)
  report.check(new URL(v.page.url()).pathname === '/', 'the wizard ends at the overview')
  await until("the node's name stands in the header", async () => (await v.page.textContent('.brand'))?.includes('Lab 7'))
  await until('and in the title', async () => /Lab 7$/.test(await v.page.title()))
}
