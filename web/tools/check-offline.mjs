// Nothing that is built may fetch from elsewhere: every address in it is one of the names and links listed here (texts of libraries, XML names).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../build/web/dist', import.meta.url))
const allowed = [
  /^https?:\/\/www\.w3\.org\//,
  /^https:\/\/react\.dev\//,
  /^https:\/\/reactjs\.org\//,
  /^https?:\/\/localhost/,
  /^https:\/\/mantine\.dev\//,
  /^https:\/\/\.\.\.$/,
  /^https?:\/\/(\$|["'`)]|$)/
]
const found = []
for (const name of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|html|svg)$/.test(name)) continue
  for (const [url] of readFileSync(join(dist, name), 'utf8').matchAll(/(?:https?|wss?):\/\/[^\s"'`)<>\\]*/g))
    if (!allowed.some(a => a.test(url))) found.push(`${name}: ${url}`)
}
for (const line of found) console.error(line)
process.exit(found.length ? 1 : 0)
