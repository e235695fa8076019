// A browser that nobody watches but us, by its debugging pipe: for memory over time. Playwright has the browser keep the body of every answer that a
// page gets (its network agent, up to 100 MB), which grows by itself: 0.4 MB in ten minutes of four live charts that ask for their list of series.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executablePath } from './browser.mjs'
import { patient } from './patience.mjs'
import { until } from './world.mjs'

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--hide-scrollbars',
  '--no-first-run',
  '--disable-extensions',
  '--disable-component-update',
  '--disable-background-networking',
  '--remote-debugging-pipe',
  'about:blank'
]

export class BareBrowser {
  constructor() {
    this.waiting = new Map()
    this.next = 0
    this.workers = []
    this.home = mkdtempSync(join(tmpdir(), 'netbit-browser-'))
    const env = { ...process.env, XDG_CONFIG_HOME: this.home, XDG_CACHE_HOME: this.home }
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']
    this.child = spawn(executablePath, [`--user-data-dir=${join(this.home, 'profile')}`, ...args], { env, stdio, detached: true })
    this.over = new Promise(resolve => this.child.once('exit', resolve))
    // Who ends the test from outside ends the browser, too: all its processes at once, which may be writing just now.
    this.last = () => {
      if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.child.pid, 'SIGKILL')
      for (let i = 0; i < 40 && existsSync(this.home); i++) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
        try {
          rmSync(this.home, { recursive: true, force: true })
        } catch (e) {
          if (e.code !== 'ENOTEMPTY') throw e // one of them has not quite ended
        }
      }
    }
    process.on('exit', this.last)
    let rest = ''
    this.child.stdio[4].setEncoding('utf8').on('data', text => {
      const parts = (rest + text).split('\0')
      rest = parts.pop()
      for (const p of parts) this.heard(JSON.parse(p))
    })
    this.child.stdio[3].on('error', () => {}) // it has ended: who waits is told below
    this.over.then(() => {
      for (const { reject } of this.waiting.values()) reject(new Error('the browser has ended'))
    })
  }

  heard(m) {
    const w = this.waiting.get(m.id)
    this.waiting.delete(m.id)
    if (m.error) w?.reject(new Error(m.error.message))
    else w?.resolve(m.result)
    if (m.method === 'Target.attachedToTarget' && m.params.targetInfo.type === 'worker') this.workers.push(m.params.sessionId)
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.next
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  /** Opens the one page, signed in; its workers are found as they start. */
  async open(server, cookie, path, { width, height }) {
    const [name, value] = cookie.split('=')
    await this.send('Storage.setCookies', { cookies: [{ name, value, url: server.url, httpOnly: true, sameSite: 'Strict' }] })
    const { targetInfos } = await this.send('Target.getTargets')
    const { targetId } = targetInfos.find(t => t.type === 'page')
    this.page = (await this.send('Target.attachToTarget', { targetId, flatten: true })).sessionId
    await this.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }, this.page)
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false }, this.page)
    await this.send('Page.navigate', { url: server.url + path }, this.page)
    await until('the page has a worker', () => this.workers.length > 0)
  }

  async evaluate(fn, arg, session = this.page) {
    const expression = `(${fn})(${JSON.stringify(arg) ?? ''})`
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true }, session)
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** What the page's renderer keeps after its garbage and that of its workers was collected, in MB. heap: of the page and of its workers. kept: all
   * that it has written itself, with its pictures, which it shares with the screen. */
  async memory() {
    let heap = 0
    for (const s of [...this.workers, this.page]) {
      await this.send('HeapProfiler.collectGarbage', {}, s)
      heap += (await this.send('Runtime.getHeapUsage', {}, s)).usedSize / 1048576
    }
    const { processInfo } = await this.send('SystemInfo.getProcessInfo')
    const sizes = processInfo.filter(p => p.type === 'renderer').map(p => sizeOf(p.id))
    return { heap, ...sizes.reduce((a, b) => (b.kept > a.kept ? b : a)) }
  }

  async stop() {
    this.child.kill('SIGTERM')
    const late = setTimeout(() => this.child.kill('SIGKILL'), patient())
    await this.over
    clearTimeout(late)
    process.off('exit', this.last)
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

/* Of a process that is there: private memory, and what it has written itself. The browser's own code is not in the latter: its pages count as
 * private or not by whether another browser runs on the machine, which makes steps of 7 MB. */
function sizeOf(pid) {
  const mb = (file, name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1] ?? 0) / 1024
  return {
    private: mb('smaps_rollup', 'Private_Dirty') + mb('smaps_rollup', 'Private_Clean'),
    kept: mb('status', 'RssAnon') + mb('status', 'RssShmem')
  }
}
