// What is wrong with a page that is open: accessibility by axe, texts that are cut, a page wider than its window.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const axe = readFileSync(fileURLToPath(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8')

/** Violations of WCAG 2.2 AA, each in a line. axe is put in by the debugger, which the page's policy does not concern. */
export async function violations(page) {
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axe)
  return page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const r = await window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })
    return r.violations.flatMap(v =>
      v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target.join(' ')} — ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? v.help}`)
    )
  })
}

/** Buttons, tabs, badges and headings whose text does not fit, and whether the page scrolls sideways. */
export const overflow = page =>
  page.evaluate(() => {
    const bad = []
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth + 1) bad.push(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}`)
    const visible = e => e.offsetParent !== null && getComputedStyle(e).visibility !== 'hidden'
    for (const e of document.querySelectorAll('button, [role=tab], .tabs a, .nav-link, h1, h2, th, label, .status, legend')) {
      if (!visible(e) || e.closest('.offscreen, .nb-hidden, .cut') || e.classList.contains('offscreen')) continue
      if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) {
        const style = getComputedStyle(e)
        if (style.overflowX === 'visible' && e.scrollWidth <= e.clientWidth + 4) continue
        bad.push(`cut: <${e.localName} class="${e.className}"> "${e.textContent.trim().slice(0, 60)}" ${e.scrollWidth} in ${e.clientWidth}`)
      }
    }
    return bad.slice(0, 8)
  })

/** Makes every text 40 % longer where it stands (data of the test included): what a longer language would do. */
export const lengthen = page =>
  page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const texts = []
    while (walker.nextNode()) texts.push(walker.currentNode)
    for (const n of texts) {
      const t = n.nodeValue
      if (!t.trim() || n.parentElement.closest('script, style, pre, code, .num, canvas, svg, kbd')) continue
      const extra = Math.ceil(t.trim().length * 0.4)
      n.nodeValue = `${t.trimEnd()}${'~'.repeat(Math.min(3, extra))}${' lorem ipsum dolor'.repeat(4).slice(0, Math.max(0, extra - 3))}${/\s$/.test(t) ? ' ' : ''}`
    }
  })
