/* The range of the y axis. It grows at once and shrinks only when less would do for three seconds, so that the
 * axis does not flicker; its ends are round numbers. */
import type { Extent } from './engine/decimate'

export const SHRINK_AFTER_MS = 3000

/** 1, 2 or 5 times a power of ten, not below x. */
export function niceStep(x: number): number {
  const p = 10 ** Math.floor(Math.log10(x))
  const f = x / p
  return p * (f <= 1 ? 1 : f <= 2 ? 2 : f <= 5 ? 5 : 10)
}

/** Round ends round what is to be seen, with a little air. */
export function niceRange(e: Extent): Extent {
  if (!(e.min <= e.max)) return { min: 0, max: 1 }
  const size = Math.max(Math.abs(e.min), Math.abs(e.max))
  const flat = e.max - e.min <= size * 1e-9
  const spread = flat ? (size > 0 ? size * 0.1 : 1) : e.max - e.min
  const air = flat ? spread / 2 : spread * 0.04
  const step = niceStep(spread / 10)
  let min = Math.floor((e.min - air) / step) * step
  const max = Math.ceil((e.max + air) / step) * step
  if (e.min >= 0 && (min < 0 || e.min < spread * 0.25)) min = 0 // what is never negative stands on zero
  return { min, max }
}

export class StickyRange {
  private shown: Extent | null = null
  private calmSince = 0

  reset(): void {
    this.shown = null
  }

  /** What to show now for what is to be seen; now in ms. */
  update(seen: Extent, now: number): Extent {
    const want = niceRange(seen)
    const s = this.shown
    if (!s || !(seen.min <= seen.max)) {
      if (seen.min <= seen.max) this.shown = want // of nothing there is no range to keep
      this.calmSince = now
      return this.shown ?? want
    }
    if (want.min < s.min || want.max > s.max) {
      this.shown = { min: Math.min(want.min, s.min), max: Math.max(want.max, s.max) }
      this.calmSince = now
    } else if (want.min === s.min && want.max === s.max) {
      this.calmSince = now
    } else if (now - this.calmSince > SHRINK_AFTER_MS) {
      this.shown = want
      this.calmSince = now
    }
    return this.shown as Extent
  }
}
