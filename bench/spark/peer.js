// Drives the peers: publishes into Verdaccio with the npm wire format, and measures PM2 through its own programming interface.
//   node peer.js publish HOST:PORT NAME VERSIONS BYTES
//   node peer.js pm2 start50 CHILD STAMP | restart STAMP | logs CHILD MODE N OUT
'use strict'
const crypto = require('crypto'), fs = require('fs'), http = require('http'), zlib = require('zlib')

function tarEntry(name, data) {
  const h = Buffer.alloc(512)
  h.write(name, 0)
  h.write('0000644\0' + '0000000\0' + '0000000\0', 100)
  h.write(data.length.toString(8).padStart(11, '0') + ' ', 124)
  h.write('00000000000 ' + '        ' + '0', 136)
  h.write('ustar\0' + '00', 257)
  h.write(h.reduce((sum, b) => sum + b, 0).toString(8).padStart(6, '0') + '\0 ', 148)
  return Buffer.concat([h, data, Buffer.alloc((512 - data.length % 512) % 512)])
}

function request(host, method, path, body) {
  const [name, port] = host.split(':')
  return new Promise((resolve, reject) => {
    const r = http.request({ host: name, port, method, path, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, answer => {
      let text = ''
      answer.on('data', d => { text += d })
      answer.on('end', () => answer.statusCode < 300 ? resolve(text) : reject(new Error(answer.statusCode + ' ' + text.slice(0, 300))))
    })
    r.on('error', reject)
    r.end(body)
  })
}

async function publish(host, name, versions, bytes) {
  for (let i = 0; i < versions; i++) {
    const version = `1.${i}.0`
    const manifest = { name, version, description: 'a package of the benchmark', main: 'index.js', license: 'MIT', keywords: ['bench'],
      repository: { type: 'git', url: 'git+https://example.invalid/bench.git' }, engines: { node: '>=18' },
      dependencies: Object.fromEntries([...Array(12).keys()].map(k => ['dependency-' + k, `^${k}.1.0`])) }
    const tgz = zlib.gzipSync(Buffer.concat([tarEntry('package/package.json', Buffer.from(JSON.stringify(manifest))),
      tarEntry('package/index.js', crypto.randomBytes(bytes)), Buffer.alloc(1024)]), { level: 1 })
    const file = `${name}-${version}.tgz`
    manifest.dist = { integrity: 'sha512-' + crypto.createHash('sha512').update(tgz).digest('base64'),
      shasum: crypto.createHash('sha1').update(tgz).digest('hex'), tarball: `http://${host}/${name}/-/${file}` }
    await request(host, 'PUT', '/' + name, JSON.stringify({ _id: name, name, 'dist-tags': { latest: version }, versions: { [version]: manifest },
      _attachments: { [file]: { content_type: 'application/octet-stream', data: tgz.toString('base64'), length: tgz.length } } }))
  }
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const stamps = file => fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(l => l.includes(' ')).map(l => Number(BigInt(l.split(' ')[0]) / 1000n) / 1000) : []

async function stampNumber(file, n) {
  for (let i = 0; i < 10000; i++) {
    const s = stamps(file)
    if (s.length >= n) return s[n - 1]
    await sleep(1)
  }
  throw new Error('the child did not start')
}

const pm2Commands = {
  async start50(pm2, child, file) {
    const ms = []
    for (let i = 0; i < 50; i++) {
      const began = Date.now()
      await pm2.start({ name: 'unit' + i, script: child, args: ['stamp', file], interpreter: 'none' })
      ms.push(await stampNumber(file, i + 1) - began)
    }
    return { start_ms: median(ms) }
  },
  async restart(pm2, file) {
    const ms = []
    for (const p of (await pm2.list()).slice(0, 20)) {
      const n = stamps(file).length, began = Date.now()
      process.kill(p.pid, 'SIGKILL')
      ms.push(await stampNumber(file, n + 1) - began)
      await sleep(100)
    }
    return { restart_ms: median(ms) }
  },
  async logs(pm2, child, mode, n, out) {
    const began = process.hrtime.bigint(), want = n * 100
    await pm2.start({ name: 'log', script: child, args: [mode, n, '100'], interpreter: 'none', out_file: out, error_file: out + '.err', autorestart: false })
    while (!fs.existsSync(out) || fs.statSync(out).size < want) await sleep(2)
    const seconds = Number(process.hrtime.bigint() - began) / 1e9
    await pm2.delete('log')
    return { lines_per_s: Math.round(n / seconds) }
  },
}

async function main() {
  const [what, ...args] = process.argv.slice(2)
  if (what === 'publish') return publish(args[0], args[1], Number(args[2]), Number(args[3]))
  const raw = require('pm2')
  const pm2 = Object.fromEntries(['connect', 'start', 'list', 'delete'].map(name => [name, (...a) => new Promise((resolve, reject) => raw[name](...a, (e, r) => e ? reject(e) : resolve(r)))]))
  await pm2.connect()
  console.log(JSON.stringify(await pm2Commands[args[0]](pm2, ...args.slice(1))))
  raw.disconnect()
  process.exit(0)
}
main().catch(e => { console.error(e); process.exit(1) })
