/* M4 (Jugel, Jerzak, Hackenbroich, Markl, VLDB 2014): first, smallest, largest and last point of every column of
 * pixels, which draws the same pixels as all points would. For pictures that stand still: paused, zoomed. */
import { bounds, columnWidth, type Line, lineRoom, type Window } from './decimate'
import type { View } from './ring'

/** Rows a column may need: thrice four points and the breaks between. */
export const M4_ROWS = 14

interface Out {
  line: Line
  v: View
}

function flush(o: Out, a: number, b: number, il: number, ih: number): void {
  const { line, v } = o
  let before = -1
  const first = Math.min(il, ih)
  const second = Math.max(il, ih)
  for (const i of [a, first, second, b]) {
    if (i === before || i < 0) continue
    line.x[line.n] = v.t[i] as number
    line.y[line.n++] = v.y[i] as number
    before = i
  }
}

export function m4(v: View, w: Window, old?: Line): Line {
  const [a, b] = bounds(v, w)
  const width = columnWidth(w)
  const { t, y } = v
  const columns = b > a ? Math.floor((t[b - 1] as number) / width) - Math.floor((t[a] as number) / width) + 1 : 0
  const line = lineRoom(M4_ROWS * Math.min(columns, b - a), old)
  line.n = 0
  const out = { line, v }
  let i = a
  while (i < b) {
    const limit = (Math.floor((t[i] as number) / width) + 1) * width
    const start = i
    let breaks = 0
    let first = -1
    let last = -1
    let il = -1
    let ih = -1
    for (; i < b && ((t[i] as number) < limit || i === start); i++) {
      const value = y[i] as number
      const apart = i > a && (t[i] as number) - (t[i - 1] as number) > w.gap
      const broken = first < 0 && line.n > 0 && Number.isNaN(line.y[line.n - 1])
      if ((apart || Number.isNaN(value)) && breaks < 2 && !broken) {
        if (first >= 0) flush(out, first, last, il, ih)
        line.x[line.n] = t[i] as number
        line.y[line.n++] = Number.NaN
        breaks++
        first = last = il = ih = -1
      }
      if (Number.isNaN(value)) continue
      if (first < 0) first = il = ih = i
      if (value < (y[il] as number)) il = i
      if (value > (y[ih] as number)) ih = i
      last = i
    }
    if (first >= 0) flush(out, first, last, il, ih)
  }
  return line
}
