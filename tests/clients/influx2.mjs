// InfluxDB 2's own JavaScript client against the server: node influx2.mjs URL TOKEN. Prints one JSON object for tests/clients/writers.py.
import { HttpError, InfluxDB, Point } from '../npm/node_modules/@influxdata/influxdb-client/dist/index.mjs'

const [url, token] = process.argv.slice(2)

function writer(token) {
  return new InfluxDB({ url, token }).getWriteApi('org', 'plant', 'ms', { maxRetries: 0, gzipThreshold: 100, defaultTags: { hall: 'a b' } })
}

async function failure(api) {
  try {
    await api.flush()
    return null
  } catch (e) {
    return e instanceof HttpError ? { status: e.statusCode, code: e.json?.code } : { error: String(e) }
  } finally {
    await api.close().catch(() => {})
  }
}

const good = writer(token)
for (let i = 0; i < 1000; i++) {
  good.writePoint(new Point('press').tag('n', '1').floatField('bar', i / 8).intField('count', i).booleanField('on', true).timestamp(1700000000000 + i))
}
const written = await failure(good)
const bad = writer(token)
bad.writeRecord('press bar=')
const refused = await failure(bad)
const stranger = writer('nbp_no')
stranger.writeRecord('press bar=1')
const unknown = await failure(stranger)
console.log(JSON.stringify({ written, refused, unknown }))
