// Weight of what the built application loads, by gzip: first load, each route's own part, everything. Fails over the budgets of the design.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const dist = fileURLToPath(new URL('../../build/web/dist', import.meta.url))
const kb = 1024
const budget = { first: 190 * kb, files: 5, route: 45 * kb, total: 900 * kb, fonts: 140 * kb }
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
const packed = file => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
const faults = []

function load(key, seen = new Set()) {
  const entry = manifest[key]
  if (!entry || seen.has(entry.file)) return seen
  seen.add(entry.file)
  for (const css of entry.css ?? []) seen.add(css)
  for (const next of entry.imports ?? []) load(next, seen)
  return seen
}

const sum = files => [...files].reduce((n, f) => n + packed(f), 0)
const text = n => `${(n / kb).toFixed(1)} KB`
const [entryKey] = Object.entries(manifest).find(([, e]) => e.isEntry)
const page = readFileSync(join(dist, 'index.html'), 'utf8')
const first = new Set([...load(entryKey), ...[...page.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map(m => m[1])])
const routes = Object.keys(manifest).filter(k => manifest[k].isDynamicEntry)
const own = key => [...load(key)].filter(f => !first.has(f))

// The first screen is the entry and one route.
const overview = routes.find(k => k.includes('OverviewPage'))
const screen = new Set([...first, ...(overview ? own(overview) : [])])
console.log(`first load: ${text(sum(screen))} in ${screen.size} files`)
if (sum(screen) > budget.first) faults.push(`first load is ${text(sum(screen))}, at most ${text(budget.first)}`)
if (screen.size > budget.files) faults.push(`first load is ${screen.size} files, at most ${budget.files}: ${[...screen].join(' ')}`)
for (const key of routes) {
  const n = sum(own(key))
  console.log(`${key}: ${text(n)}`)
  if (n > budget.route) faults.push(`${key} is ${text(n)}, at most ${text(budget.route)}`)
}

const all = readdirSync(dist, { recursive: true }).filter(f => statSync(join(dist, f)).isFile() && !f.startsWith('.vite'))
const fonts = all.filter(f => f.endsWith('.woff2'))
const rest = all.filter(f => !f.endsWith('.woff2'))
const fontBytes = fonts.reduce((n, f) => n + statSync(join(dist, f)).size, 0)
console.log(`all: ${text(sum(rest))}, fonts ${text(fontBytes)}`)
if (sum(rest) > budget.total) faults.push(`everything is ${text(sum(rest))}, at most ${text(budget.total)}`)
if (fontBytes > budget.fonts) faults.push(`fonts are ${text(fontBytes)}, at most ${text(budget.fonts)}`)

for (const fault of faults) console.error(fault)
process.exit(faults.length ? 1 : 0)
