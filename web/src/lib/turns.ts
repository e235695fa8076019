/* Small pieces of work that may wait for a frame or two: drawings and texts of rows of which dozens change at once. A frame does a few
 * of them, as long as they fit into its share of milliseconds, the others have their turn in the next ones; what is asked for twice meanwhile is
 * done once. */

export class Turns<K> {
  private waiting = new Map<K, () => void>()
  private asked = false

  constructor(
    private share: number, // ms of a frame
    private most: number, // of them a frame: what they cause later in it (React) is not seen here
    private next: (fn: () => void) => void = fn => void requestAnimationFrame(fn),
    private now: () => number = () => performance.now()
  ) {}

  /** Does fn in one of the next frames; another one of the same key is done in its place. */
  ask(key: K, fn: () => void): void {
    this.waiting.set(key, fn)
    if (this.asked) return
    this.asked = true
    this.next(this.frame)
  }

  drop(key: K): void {
    this.waiting.delete(key)
  }

  private frame = () => {
    this.asked = false
    const until = this.now() + this.share
    let left = this.most
    for (const [key, fn] of this.waiting) {
      this.waiting.delete(key)
      fn()
      if (--left === 0 || this.now() >= until) break
    }
    if (!this.waiting.size || this.asked) return
    this.asked = true
    this.next(this.frame)
  }
}
