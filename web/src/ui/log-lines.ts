// Lines of a log in their order, each once, whatever the order and number of times in which they come: by a first page, by older pages,
// live, and again by a page that looks for what a break left out.

export type LogLine = {
  /** Rises with the lines as they were stored; the same line has the same number always. */
  id: number
  /** Milliseconds since 1970, with a fraction. */
  t: number
  level: string | null
  text: string
  /** The line says that so many were lost here. */
  skipped?: number
}

/** The order of the server: by time, then by number. */
export const byTime = (a: LogLine, b: LogLine): number => a.t - b.t || a.id - b.id

/** Where a line stands, or would stand. */
export function placeOf(lines: readonly LogLine[], line: LogLine): number {
  let lo = 0
  let hi = lines.length
  while (lo < hi) {
    const mid = (lo + hi) >>> 1
    if (byTime(lines[mid] as LogLine, line) < 0) lo = mid + 1
    else hi = mid
  }
  return lo
}

export class LogLines {
  /** In order, without repetition. Changed in place: hundreds of lines a second must not copy thousands. */
  readonly list: LogLine[] = []

  /** Keeps about the newest `most`; a tenth more before it drops the oldest. */
  constructor(private most = 50_000) {}

  /** In any order, with any repetition. Whether anything was new. */
  add(lines: readonly LogLine[]): boolean {
    const fresh = [...lines].sort(byTime).filter((l, i, all) => i === 0 || byTime(all[i - 1] as LogLine, l) !== 0)
    const first = fresh[0]
    if (!first) return false
    const last = this.list.at(-1)
    const before = this.list.length
    if (!last || byTime(last, first) < 0) this.list.push(...fresh)
    else this.merge(fresh, placeOf(this.list, first))
    const added = this.list.length > before
    if (this.list.length > this.most * 1.1) this.list.splice(0, this.list.length - this.most)
    return added
  }

  private merge(fresh: LogLine[], from: number): void {
    const rest = this.list.splice(from)
    let i = 0
    for (const l of fresh) {
      while (i < rest.length && byTime(rest[i] as LogLine, l) < 0) this.list.push(rest[i++] as LogLine)
      const known = i < rest.length && byTime(rest[i] as LogLine, l) === 0
      if (!known) this.list.push(l)
    }
    for (; i < rest.length; i++) this.list.push(rest[i] as LogLine)
  }
}
