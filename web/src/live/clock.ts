/* The server's clock. A heartbeat carries the server's time; the one that travelled fastest of the last
 * minute gives the offset, and how much later than that another came is the lag of the connection. */

export class ServerClock {
  private seen: { at: number; offset: number }[] = []
  private best = 0

  /** server and local in milliseconds since 1970; returns the lag of this message in milliseconds. */
  heard(server: number, local: number): number {
    const offset = server - local
    this.seen.push({ at: local, offset })
    this.seen = this.seen.filter(s => local - s.at <= 60_000 && local >= s.at)
    this.best = Math.max(...this.seen.map(s => s.offset))
    return this.best - offset
  }

  reset(): void {
    this.seen = []
  }

  /** Milliseconds to add to the local clock. */
  get offset(): number {
    return this.best
  }
}
