// A service in nothing but Node: GET / counts visits, GET /healthz says whether it is well, POST /crash ends it with an error.
// Its log is JSON lines on stdout; its figures go to Netbit's line protocol socket when there is one.
'use strict';
const http = require('http');
const { metric } = require('./metric');

const port = Number(process.env.PORT || 8090);
let visits = 0;
let slowest = 0;

function log(level, message, more) {
  process.stdout.write(JSON.stringify({ time: new Date().toISOString(), level, message, ...more }) + '\n');
}

const routes = {
  'GET /': () => [200, { visits: ++visits, up_s: Math.round(process.uptime()) }],
  'GET /healthz': () => [200, { status: 'ok' }],
  'POST /crash': () => {
    log('fatal', 'asked to crash');
    setImmediate(() => process.exit(3));
    return [202, { status: 'crashing' }];
  },
};

const server = http.createServer((req, res) => {
  const began = process.hrtime.bigint();
  const route = routes[`${req.method} ${req.url.split('?')[0]}`];
  const [status, body] = route ? route() : [404, { error: 'no such page' }];
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body) + '\n');
  const ms = Number(process.hrtime.bigint() - began) / 1e6;
  slowest = Math.max(slowest, ms);
  if (req.url !== '/healthz') log(status < 400 ? 'info' : 'warn', 'request', { method: req.method, url: req.url, status, ms });
});

server.listen(port, '127.0.0.1', () => log('info', 'listening', { port: server.address().port, pid: process.pid }));
server.on('error', (e) => {
  log('fatal', 'cannot listen', { port, error: e.message });
  process.exit(1);
});

let beats = 0;
const beat = setInterval(() => {
  if (++beats % 3 === 0) log('info', 'summary', { visits, up_s: Math.round(process.uptime()) });
  metric('service', { visits, slowest_ms: slowest, heap_bytes: process.memoryUsage().heapUsed });
  slowest = 0;
}, 5000);

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    log('info', 'stopping', { signal });
    clearInterval(beat);
    server.close(() => process.exit(0));
    server.closeIdleConnections?.();
  });
}
