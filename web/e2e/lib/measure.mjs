// How smooth and how large a page is (reference: rAF intervals, long tasks, main thread, private memory of its renderer).
import { readFileSync } from 'node:fs'

/** Frames for `ms`; also whether the picture changes: the share of frames in which a strip of the first chart is another. */
export async function frames(page, ms, during = async () => {}) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  const metrics = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(m => [m.name, m.value]))
  const before = await metrics()
  const measured = page.evaluate(
    ms =>
      new Promise(resolve => {
        const intervals = []
        let last = 0
        let long = 0
        const observer = new PerformanceObserver(list => {
          long += list.getEntries().length
        })
        observer.observe({ entryTypes: ['longtask'] })
        const began = performance.now()
        const step = t => {
          if (last) intervals.push(t - last)
          last = t
          if (t - began < ms) return void requestAnimationFrame(step)
          observer.disconnect()
          const s = [...intervals].sort((a, b) => a - b)
          const q = p => s[Math.floor((s.length - 1) * p)]
          const sum = intervals.reduce((a, b) => a + b, 0)
          resolve({
            mean: (1000 * intervals.length) / sum,
            p5: 1000 / q(0.95),
            worst: q(1),
            late: intervals.filter(x => x > 22.2).length / intervals.length,
            long
          })
        }
        requestAnimationFrame(step)
      }),
    ms
  )
  await during()
  const f = await measured
  const after = await metrics()
  await cdp.detach()
  return { ...f, busy: (after.TaskDuration - before.TaskDuration) / (after.Timestamp - before.Timestamp) }
}

/* What a page does most, done by the machine that the budgets were made on (2 cores, no graphics card), in milliseconds. */
const REFERENCE_MS = 40

/** How many times slower than that machine this one is just now, at least 1: the best of ten rounds of fixed work in a page. */
export async function slowness(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  const ms = await page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 1280
    canvas.height = 600
    document.body.append(canvas)
    const g = canvas.getContext('2d')
    const round = n => {
      const began = performance.now()
      const rows = Array.from({ length: 20_000 }, (_, i) => ({ t: i, v: Math.sin(i * 0.01 * n) }))
      const copy = JSON.parse(JSON.stringify(rows)).sort((a, b) => a.v - b.v)
      g.clearRect(0, 0, 1280, 600)
      g.beginPath()
      for (let i = 0; i < 4000; i++) g.lineTo((i * 1280) / 4000, 300 + 250 * copy[(i * 7919) % copy.length].v)
      g.stroke()
      g.getImageData(0, 0, 1, 1)
      return performance.now() - began
    }
    return Math.min(...Array.from({ length: 10 }, (_, i) => round(i + 1)))
  })
  await context.close()
  return { ms, times: Math.max(1, ms / REFERENCE_MS) }
}

/** Share of frames in which a strip of the canvas is another than in the frame before: 60 frames a second of nothing would be 0. */
export const changing = (page, selector, n = 60) =>
  page.evaluate(
    ([selector, n]) =>
      new Promise(resolve => {
        const canvas = document.querySelector(selector)
        let before
        let changed = 0
        let seen = -1
        const step = () => {
          const strip = canvas.getContext('2d').getImageData(Math.floor(canvas.width / 2), 0, 64, canvas.height).data
          let h = 0
          for (let i = 0; i < strip.length; i += 4) h = (Math.imul(h, 31) + strip[i] + 256 * strip[i + 1]) | 0
          if (before !== undefined && h !== before) changed++
          before = h
          if (++seen < n) requestAnimationFrame(step)
          else resolve(changed / n)
        }
        requestAnimationFrame(step)
      }),
    [selector, n]
  )

/** Private memory of the page's renderer in MB (it is the largest one), and the heap's, after a collection. */
export async function memory(browser, page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('HeapProfiler.collectGarbage')
  await cdp.detach()
  const b = await browser.newBrowserCDPSession()
  const { processInfo } = await b.send('SystemInfo.getProcessInfo')
  await b.detach()
  const sizes = processInfo
    .filter(p => p.type === 'renderer')
    .map(p => {
      let text = ''
      try {
        text = readFileSync(`/proc/${p.id}/smaps_rollup`, 'utf8')
      } catch {
        return 0 // it has just ended
      }
      const kb = name => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
      return (kb('Private_Dirty') + kb('Private_Clean')) / 1024
    })
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize / 1048576)
  return { private: Math.max(...sizes), heap }
}

export const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]
export const round = (o, digits = 2) =>
  Object.fromEntries(Object.entries(o).map(([k, v]) => [k, typeof v === 'number' ? Number(v.toFixed(digits)) : v]))
