// Sends points as a measuring device would: `channels` of `rate` points a second in small batches, after a past of `past` points each.
export class Feed {
  constructor(server, token, { channels = 4, rate = 2000, past = 40_000, name = 'voltage' } = {}) {
    Object.assign(this, { server, token, channels, rate, past, name, stopped: false, errors: 0 })
    this.step = Math.round(1e6 / rate)
  }

  value(k, j) {
    const t = j / this.rate
    return Math.round((Math.sin(t * (0.7 + 0.1 * k)) + 0.25 * Math.sin(t * 31) + 0.15 * Math.sin(j * 12.9898 + k * 78.233)) * 1e4) / 1e4
  }

  async send(from, to) {
    const series = []
    for (let k = 0; k < this.channels; k++) {
      const points = []
      for (let j = from; j < to; j++) points.push([j * this.step, this.value(k, j)])
      series.push({ name: this.name, labels: { channel: String(k + 1) }, unit: 'V', points })
    }
    await this.server.ok('POST', '/api/v1/telemetry', { series }, this.token)
  }

  now() {
    return Math.floor((Date.now() * 1000) / this.step)
  }

  async start() {
    this.at = this.now()
    for (let from = this.at - this.past; from < this.at; from += 10_000) await this.send(from, Math.min(this.at, from + 10_000))
    this.running = this.run()
  }

  async run() {
    while (!this.stopped) {
      const to = this.now()
      if (to > this.at) {
        const from = this.at
        this.at = to
        await this.send(from, to).catch(e => {
          this.errors++
          this.error = e
        })
      }
      await new Promise(r => setTimeout(r, 33))
    }
  }

  async stop() {
    this.stopped = true
    await this.running
  }
}
