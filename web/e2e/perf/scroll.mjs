// A long list that is scrolled by the wheel: what moves it, what is seen meanwhile, and what is judged of it.
import { given, wheel } from '../lib/measure.mjs'

/** Pixels a second: more than two screens of rows. */
const SPEED = 2000

export const flick = (page, ms) => wheel(page, ms, SPEED)

/** In the page, from now on: whether rows stand where they should, how far it was scrolled, and how many rows are in the document. What else is
 * counted there may be added to window.__seen. */
export const watchRows = page =>
  page.evaluate(() => {
    const box = document.querySelector('.table-box')
    const seen = { looks: 0, blank: 0, far: 0, rows: 0 }
    window.__seen = seen
    const r = box.getBoundingClientRect()
    setInterval(() => {
      const at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2)
      seen.looks++
      if (!at?.closest('.table-body [role=row]')) seen.blank++
      seen.far = Math.max(seen.far, box.scrollTop)
      seen.rows = Math.max(seen.rows, box.querySelectorAll('.table-body [role=row]').length)
    }, 500)
  })
export const seenBy = page => page.evaluate(() => ({ ...window.__seen }))

/** f: what best() gave; budget: the share of its time that the page's main thread may work. */
export function judge(report, what, f, budget) {
  const most = budget * f.machine.slow
  const percent = x => (100 * x).toFixed(0)
  report.gate(f.good, `${what}: ${f.text}`)
  report.gate(f.figures.busy <= most, `${what}: the main thread works ${percent(f.figures.busy)} % of the time, at most ${percent(most)}`)
}

/** f: what best() gave. The browser scrolls by itself while the page, which makes the rows, is kept from working. */
export function judgeRows(report, seen, ms, f) {
  const most = seen.looks * (1 / 20 + 1 - given(f.figures))
  report.check(seen.far > (SPEED * ms) / 2000, `it scrolled: ${seen.far} px`)
  report.check(
    seen.blank <= most,
    `rows are there while it scrolls: missing at ${seen.blank} of ${seen.looks} looks, at most ${most.toFixed(1)}`
  )
}
