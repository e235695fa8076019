// A real server for the browser tests: the binary on a free port with a folder of its own, which can be killed and started again.
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { patient } from './patience.mjs'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
export const ADMIN = { login: 'admin', password: 'correct horse battery' }

const freePort = () =>
  new Promise((resolve, reject) => {
    const s = createServer()
    s.once('error', reject)
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => resolve(port))
    })
  })

/* Who ends the test from outside ends its servers, too. */
const running = new Set()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.once(signal, async () => {
    await Promise.all([...running].map(s => s.stop()))
    process.exit(143)
  })

export class Server {
  /** admin: whether there is one from the start; without, the first-run wizard is to be walked. */
  constructor({ binary = join(root, 'build/netbit'), admin = true, demo = false, env = {} } = {}) {
    this.binary = binary
    this.folder = mkdtempSync(join(tmpdir(), 'netbit-e2e-'))
    this.log = join(this.folder, 'server.log')
    this.args = demo ? ['--demo'] : []
    this.env = { ...process.env, NETBIT_SIGN_IN_PER_MINUTE: '0', NETBIT_RATE_PER_MINUTE: '0', NETBIT_LOG_FORMAT: 'json', NETBIT_LANG: 'en' }
    for (const name of ['PORT', 'DATABASE_URL', 'NETBIT_URL', 'NETBIT_TOKEN']) delete this.env[name]
    if (admin) Object.assign(this.env, { NETBIT_ADMIN_LOGIN: ADMIN.login, NETBIT_ADMIN_PASSWORD: ADMIN.password })
    if (demo) this.env.NETBIT_DEMO_DIR = join(root, 'demo')
    Object.assign(this.env, env)
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  tail(n = 3000) {
    return readFileSync(this.log, 'utf8').slice(-n)
  }

  async start() {
    const first = this.port === undefined
    for (const end = Date.now() + patient(); ; ) {
      if (first) this.port = await freePort()
      if (await this.begin()) return this
      // Somebody took the port between our look and the server's, or holds it since the server was killed.
      if (Date.now() > end) throw new Error(`another program has port ${this.port}:\n${this.tail()}`)
      await sleep(100)
    }
  }

  /* Starts it on this.port and waits until it is ready; false: another program has that port. */
  async begin() {
    const log = openSync(this.log, 'a') // its own file: what it said last stands there when it has ended
    const before = readFileSync(this.log, 'utf8').length
    const args = ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', join(this.folder, 'data'), ...this.args]
    const child = spawn(this.binary, args, { env: this.env, stdio: ['ignore', log, log] })
    closeSync(log)
    this.child = child
    running.add(this)
    this.over = new Promise(resolve => child.once('exit', (code, signal) => resolve(signal ?? code)))
    for (const end = Date.now() + patient(); ; ) {
      if (child.exitCode !== null) {
        if (/another program listens/.test(readFileSync(this.log, 'utf8').slice(before))) return false
        throw new Error(`the server ended with ${child.exitCode}:\n${this.tail()}`)
      }
      const ready = await fetch(`${this.url}/ready`, { signal: AbortSignal.timeout(5000) }).catch(() => null) // whoever has the port may say nothing
      if (ready?.ok && child.exitCode === null) return true
      if (Date.now() > end) throw new Error(`the server is not ready:\n${this.tail()}`)
      await sleep(30)
    }
  }

  async kill() {
    this.child.kill('SIGKILL')
    await this.over
  }

  /** As a person would; says how it ended. */
  async stop() {
    let how = this.child?.signalCode ?? this.child?.exitCode ?? 0 // it may have ended by itself
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM')
      const late = setTimeout(() => this.child.kill('SIGKILL'), patient())
      how = await this.over
      clearTimeout(late)
    }
    running.delete(this)
    rmSync(this.folder, { recursive: true, force: true })
    return how
  }

  async call(method, path, body, token, headers = {}) {
    const h = { ...headers }
    if (token) h.authorization = `Bearer ${token}`
    if (body !== undefined && !(body instanceof Uint8Array)) h['content-type'] ??= 'application/json'
    const r = await fetch(this.url + path, {
      method,
      headers: h,
      body: body === undefined ? undefined : typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    })
    const text = await r.text()
    let json
    try {
      json = JSON.parse(text)
    } catch {
      json = undefined
    }
    return { status: r.status, text, json, headers: r.headers }
  }

  /** The same, and it must be well. */
  async ok(method, path, body, token, headers) {
    const r = await this.call(method, path, body, token, headers)
    if (r.status >= 300) throw new Error(`${method} ${path}: ${r.status} ${r.text.slice(0, 500)}`)
    return r.json
  }

  async login(login = ADMIN.login, password = ADMIN.password) {
    return (await this.ok('POST', '/api/v1/auth/login', { login, password })).access_token
  }

  /** A token of a person's own with the given rights. */
  async token(scopes, session) {
    return (await this.ok('POST', '/api/v1/tokens', { name: `e2e ${scopes.slice(0, 20)}`, scopes }, session ?? (await this.login()))).token
  }

  /** A session cookie of our own page: NAME=VALUE. */
  async cookie(login = ADMIN.login, password = ADMIN.password) {
    const r = await fetch(`${this.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-requested-by': 'netbit', origin: this.url },
      body: JSON.stringify({ login, password })
    })
    const found = /^(netbit_session_\w+=[^;]+)/.exec(r.headers.get('set-cookie') ?? '')
    if (!found) throw new Error(`no cookie: ${r.status} ${(await r.text()).slice(0, 300)}`)
    return found[1]
  }
}
