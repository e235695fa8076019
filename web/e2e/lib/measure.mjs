// How smooth and how large a page is (reference: rAF intervals, long tasks, main thread, private memory of its renderer), and what the machine
// gives at that moment to a page that hardly does anything.
import { readdirSync, readFileSync } from 'node:fs'

/* What threads of a page and of the browser's screen have worked and have waited for a processor, in milliseconds: main is the page's own thread
 * (of the renderer that works most), screen is what brings pictures to the screen. Empty where the system does not tell. */
async function threads(browser) {
  const b = await browser.newBrowserCDPSession()
  const { processInfo } = await b.send('SystemInfo.getProcessInfo')
  await b.detach()
  const all = new Map()
  for (const { id, type } of processInfo) {
    if (type !== 'renderer' && type !== 'GPU') continue
    try {
      for (const tid of readdirSync(`/proc/${id}/task`)) {
        const name = readFileSync(`/proc/${id}/task/${tid}/comm`, 'utf8').trim()
        const kind =
          type === 'GPU' ? name === 'VizCompositorTh' && 'viz' : Number(tid) === id ? 'main' : name === 'Compositor' && 'compositor'
        const [worked, waited] = readFileSync(`/proc/${id}/task/${tid}/schedstat`, 'utf8').split(' ').map(Number)
        if (kind) all.set(`${kind} ${id}`, { worked: worked / 1e6, waited: waited / 1e6 })
      }
    } catch {
      // it has just ended, or the system does not tell
    }
  }
  return all
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10

/* Processor time, in milliseconds, that everything has taken until now which this program has not started (the server, the browser): other programs,
 * the system's own work and what the machine is only a guest of. */
function takenByOthers() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number)
  const children = new Map()
  const took = new Map()
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')
      children.set(f[1], [...(children.get(f[1]) ?? []), pid])
      took.set(
        pid,
        f.slice(11, 15).reduce((sum, t) => sum + Number(t), 0)
      ) // its own, and that of children that have ended
    } catch {
      // it has just ended
    }
  }
  const ours = pid => (children.get(pid) ?? []).reduce((sum, c) => sum + ours(c), took.get(pid) ?? 0)
  return TICK_MS * (user + nice + system + irq + softirq + steal - ours(String(process.pid)))
}

/** Begins to watch how long the page's threads wait for a processor that others have. What it gives tells the shares of the time since then in
 * which the page's own thread (waited) and those of the screen (waited_screen) were ready to work and others kept them from it: no longer than
 * others were at work at all (others, in processors). What the browser's threads and the server take from each other is ours. */
export async function waits(browser) {
  const before = await threads(browser)
  const taken = takenByOthers()
  const began = performance.now()
  return async () => {
    const passed = performance.now() - began
    const others = Math.max(0, takenByOthers() - taken) / passed
    const after = await threads(browser)
    const since = (key, what) => (after.get(key)?.[what] ?? 0) - (before.get(key)?.[what] ?? 0)
    const mains = [...after.keys()].filter(k => k.startsWith('main '))
    const main = mains.sort((x, y) => since(y, 'worked') - since(x, 'worked'))[0] ?? ''
    const viz = [...after.keys()].find(k => k.startsWith('viz ')) ?? ''
    const free = key => 1 - Math.min(1, others, Math.max(0, since(key, 'waited')) / passed)
    return { waited: 1 - free(main), waited_screen: 1 - free(main.replace('main', 'compositor')) * free(viz), others }
  }
}

/** Frames for `ms`; also how busy the page's main thread is, and how long its threads waited for a processor meanwhile. */
export async function frames(page, ms, during = async () => {}) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' }) // the thread's own time, whoever else wants the processor
  const metrics = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(m => [m.name, m.value]))
  const before = await metrics()
  const waited = await waits(page.context().browser())
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
  const f = { ...(await measured), ...(await waited()) }
  const after = await metrics()
  await cdp.detach()
  return { ...f, busy: (after.TaskDuration - before.TaskDuration) / (after.Timestamp - before.Timestamp) }
}

/** The same, with the pictures a second that the browser put on its screen (of this page: no other may move). While a person scrolls, the browser
 * moves what is drawn already by itself, whatever the page's own thread is doing. */
export async function presented(browser, page, ms, during) {
  const b = await browser.newBrowserCDPSession()
  let pictures = 0
  b.on('Tracing.dataCollected', ({ value }) => {
    pictures += value.filter(e => e.name === 'Display::DrawAndSwap' && (e.ph === 'X' || e.ph === 'B')).length
  })
  const over = new Promise(resolve => b.once('Tracing.tracingComplete', resolve))
  await b.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['viz'], excludedCategories: ['*'] } })
  const began = performance.now()
  const f = await frames(page, ms, during)
  const passed = performance.now() - began
  await b.send('Tracing.end')
  await over
  await b.detach()
  return { ...f, presented: (1000 * pictures) / passed }
}

/* What a page does most, done by the machine that the budgets were made on (2 cores, no graphics card), in milliseconds. */
const REFERENCE_MS = 40

/** How many times slower than that machine this one is just now, at least 1: the best of ten rounds of fixed work in a page. */
async function slowness(browser) {
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

/** Up to here the work may take longer before the machine counts as slower: it is rarely quite at rest. */
const TOLERANCE = 1.25
/** A machine that is slower than this is not made allowance for any further. */
const SLOWEST = 4

/** Scrolls what is in the middle of the page evenly by the wheel, `speed` pixels a second, for `ms`. */
export async function wheel(page, ms, speed) {
  const cdp = await page.context().newCDPSession(page)
  const { width, height } = page.viewportSize()
  const how = { x: Math.round(width / 2), y: Math.round(height / 2), yDistance: (-speed * ms) / 1000, speed, gestureSourceType: 'mouse' }
  await cdp.send('Input.synthesizeScrollGesture', how)
  await cdp.detach()
}

/** What the machine has to give now: frames a second of a page of plain text that moves (as `drive` moves it; else by itself) and does nothing else,
 * and how many times slower it is at fixed work. size: of the page, as the one that is judged has it. */
export async function machine(browser, { drive, size: { width, height, dpr = 1 } = { width: 1440, height: 900 } } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: dpr })
  const page = await context.newPage()
  await page.setContent(
    `<body style="margin:0;font:13px sans-serif">${Array.from({ length: 2000 }, (_, i) => `<p>plain ${i}</p>`).join('')}`
  )
  const itself = function itself() {
    scrollTo(0, scrollY + 20)
    requestAnimationFrame(itself)
  }
  if (!drive) await page.evaluate(`(${itself})()`)
  const plain = await presented(browser, page, 1500, async () => drive?.(page, 1500))
  await context.close()
  const work = await slowness(browser)
  return { plain, ...work, slow: Math.min(SLOWEST, Math.max(1, work.times / TOLERANCE)) }
}

/** No machine is allowed less than this share of a budget. */
const LEAST_SHARE = 1 / 6

/** Threads that are free to work for this share of the time count as always free: a machine is rarely quite at rest. */
const FREE = 0.9

/* The share of the time in which the machine let threads work when they were ready to. A frame of the page's own thread goes through those of the
 * screen, too. */
function freedom(name, f) {
  if (f?.waited === undefined) return 1
  const free = (1 - f.waited_screen) * (name === 'presented' ? 1 : 1 - f.waited)
  return free >= FREE ? 1 : free
}

/** The share of its time in which the page could work, 1 unless others kept it from it: what else a page does in a time is judged by this part of it. */
export const given = f => Math.max(LEAST_SHARE, freedom('mean', f))

/** How many times longer something may take than on the reference machine: m tells how much slower the work was that was looked at before, f what
 * others took meanwhile. */
export const longer = (m, f) => Math.max(m.slow, Math.min(SLOWEST, 1 / given(f)))

/** What a budget of frames means on this machine now. At rest on the reference machine it is the budget itself. f: what was measured. */
export const fpsHere = (name, budget, m, f) =>
  budget * Math.max(LEAST_SHARE, Math.min(Math.min(1, m.plain[name] / 60) / m.slow, freedom(name, f)))
export const aboutMachine = m =>
  `a plain page has mean ${m.plain.mean.toFixed(1)}, p5 ${m.plain.p5.toFixed(1)} here, fixed work takes ${m.times.toFixed(2)} times the reference`

const percent = x => `${(100 * x).toFixed(0)} %`

/** Frames come in steps of a sixtieth of a second: a budget is held when it is missed by less than this. */
const GRAIN = 0.98

/** When the page's thread waited for a processor longer than this share of the time in all windows, frames tell of the machine alone: */
const LOST = 0.5
/** then the page is held to its own work, which does not depend on what others do: this share of the time at most. */
const WORK = 0.6

/** Up to three windows; ends with the first that holds. Other work on the machine is not the page's fault, so the best counts; a page that is
 * too slow is too slow in all three. Each window looks at the machine first, without the page: what the page itself takes must not count as a
 * slow machine. open: gives a visit, ready to be measured; drive(page, ms): what moves it; size: of the page; least: budgets by their names in
 * what measure gives. The last visit stays open. */
export async function best(browser, least, { open, measure, drive, size }) {
  let found
  let v
  let tries = 0
  while (tries < 3) {
    tries++
    await v?.context.close()
    const m = await machine(browser, { drive, size })
    v = await open()
    const got = await measure(v)
    const wanted = Object.fromEntries(Object.entries(least).map(([k, v]) => [k, fpsHere(k, v, m, got)]))
    const share = Math.min(...Object.keys(least).map(k => got[k] / wanted[k]))
    if (!found || share > found.share) found = { ...got, share, wanted, machine: m }
    if (share >= GRAIN) break
  }
  const figures = Object.keys(least).map(k => `${k} ${found[k].toFixed(1)} (budget ${least[k]}, here ${found.wanted[k].toFixed(1)})`)
  const { share, wanted: _, machine: m, ...f } = found
  const lost = share < GRAIN && f.waited > LOST
  const judged = lost
    ? `; no machine for frames: judged by its work, ${percent(f.busy)} of the time, at most ${percent(WORK * m.slow)}`
    : ''
  return {
    v,
    good: share >= GRAIN || (lost && f.busy <= WORK * m.slow),
    figures: { ...f, tries, plain: m.plain.mean, slower: m.times },
    machine: m,
    text: `${figures.join(', ')} FPS; ${aboutMachine(m)}, its thread waited ${percent(f.waited)} of the time for others, the screen's ${percent(f.waited_screen)}, they took ${f.others?.toFixed(2)} processors; ${tries > 1 ? `the best of ${tries} windows` : 'the first window'}${judged}`
  }
}

/** Share of frames in which a strip of the canvas is another than in the frame before: 60 frames a second of nothing would be 0. A frame that
 * follows the one before at once has nothing new to show and does not count. */
export const changing = (page, selector, n = 60) =>
  page.evaluate(
    ([selector, n]) =>
      new Promise(resolve => {
        const canvas = document.querySelector(selector)
        let before
        let changed = 0
        let seen = -1
        let last = 0
        const step = t => {
          if (t - last < 15) return void requestAnimationFrame(step)
          last = t
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

/* Collects garbage of the page and of its workers, each of which has a heap of its own. */
async function collect(page) {
  const cdp = await page.context().newCDPSession(page)
  const workers = []
  cdp.on('Target.attachedToTarget', e => workers.push(e.sessionId))
  await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  for (const sessionId of workers) {
    const done = new Promise(resolve => {
      cdp.on('Target.receivedMessageFromTarget', e => {
        if (e.sessionId === sessionId && JSON.parse(e.message).id === 1) resolve()
      })
    })
    await cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }) })
    await done
  }
  await cdp.send('HeapProfiler.collectGarbage')
  await cdp.detach()
  return workers.length
}

/** Private memory of the page's renderer in MB (it is the largest one), and the heap's, after a collection. */
export async function memory(browser, page) {
  const workers = await collect(page)
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
  return { private: Math.max(...sizes), heap, workers }
}

/** Growth of points [x, y] per unit of x: the median of the slopes between every two of them (Theil and Sen), which readings that jump now and
 * then do not move; low and high: where it lies with 95 % certainty (by the variance of Kendall's rank statistic). */
export function slope(points) {
  const slopes = points.flatMap(([x, y], i) => points.slice(i + 1).map(([u, v]) => (v - y) / (u - x))).sort((a, b) => a - b)
  const n = points.length
  const spread = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = k => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(k)))] ?? 0
  return { value: at((slopes.length - 1) / 2), low: at((slopes.length - spread) / 2), high: at((slopes.length + spread) / 2) }
}

export const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]
export const round = (o, digits = 2) =>
  Object.fromEntries(Object.entries(o).map(([k, v]) => [k, typeof v === 'number' ? Number(v.toFixed(digits)) : v]))
