/* One animation loop for all charts of the page. Together they have 12 ms of a frame; when 30 frames in a row
 * were not enough, they draw at half the rate ("eco") until drawing is cheap again. */

export const BUDGET_MS = 12
export const ECO_AFTER = 30
export const ECO_LEAVE = 150

export interface Drawer {
  /** Draws if there is something new. at: the frame's own time (ms, as performance.now()): frames are even, the moments of their calls are not. */
  frame(at?: number): void
}

export class Loop {
  eco = false
  private drawers = new Set<Drawer>()
  private listeners = new Set<() => void>()
  private handle = 0
  private over = 0
  private under = 0
  private odd = false

  constructor(
    private next: (fn: (at?: number) => void) => number,
    private cancel: (handle: number) => void,
    private now: () => number
  ) {}

  add(d: Drawer): () => void {
    this.drawers.add(d)
    if (!this.handle) this.handle = this.next(this.step)
    return () => {
      this.drawers.delete(d)
      if (this.drawers.size || !this.handle) return
      this.cancel(this.handle)
      this.handle = 0
      this.setEco(false)
    }
  }

  onEco = (fn: () => void) => {
    this.listeners.add(fn)
    return () => this.listeners.delete(fn)
  }

  private step = (at?: number) => {
    this.handle = this.next(this.step)
    this.odd = !this.odd
    if (this.eco && this.odd) return
    const began = this.now()
    for (const d of this.drawers) d.frame(at)
    this.judge(this.now() - began)
  }

  private judge(cost: number): void {
    if (cost > BUDGET_MS) {
      this.under = 0
      if (++this.over >= ECO_AFTER) this.setEco(true)
    } else {
      this.over = 0
      // Half the budget, so that it does not swing between the two.
      this.under = cost < BUDGET_MS / 2 ? this.under + 1 : 0
      if (this.under >= ECO_LEAVE) this.setEco(false)
    }
  }

  private setEco(on: boolean): void {
    if (this.eco === on) return
    this.eco = on
    this.over = this.under = 0
    for (const fn of this.listeners) fn()
  }
}

export const loop = new Loop(
  fn => requestAnimationFrame(fn),
  h => cancelAnimationFrame(h),
  () => performance.now()
)
