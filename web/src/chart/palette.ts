/* Colours of series come from the theme's tokens; five that people of any colour vision can tell apart, with a
 * dash pattern and a letter each, because colour alone says nothing to some. */

export const SERIES_COLORS = 5
export const letters = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'] as const
/** In CSS pixels; drawn where points are sparse: a dense line has no room for dashes. */
export const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2, 1, 2]]

export interface Palette {
  series: string[]
  text: string
  grid: string
  axis: string
  cursor: string
  ok: string
  warn: string
  err: string
  none: string
}

let cached: Palette | null = null
const listeners = new Set<() => void>()
let observer: MutationObserver | null = null

function read(): Palette {
  const css = getComputedStyle(document.documentElement)
  const get = (name: string, fallback: string) => css.getPropertyValue(name).trim() || fallback
  return {
    series: Array.from({ length: SERIES_COLORS }, (_, i) => get(`--series-${i + 1}`, '#3e55c8')),
    text: get('--text-2', '#465060'),
    grid: get('--line', '#dde2e9'),
    axis: get('--control', '#7c8695'),
    cursor: get('--text-3', '#5c6675'),
    ok: get('--ok', '#1a7345'),
    warn: get('--warn', '#8f5600'),
    err: get('--err', '#c2262c'),
    none: get('--line', '#dde2e9')
  }
}

export function palette(): Palette {
  cached ??= read()
  return cached
}

/** fn after the theme has changed. */
export function onPalette(fn: () => void): () => void {
  listeners.add(fn)
  observer ??= new MutationObserver(() => {
    cached = null
    for (const f of listeners) f()
  })
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-mantine-color-scheme', 'data-theme', 'class'] })
  return () => listeners.delete(fn)
}

export const colorVar = (i: number) => `var(--series-${(i % SERIES_COLORS) + 1})`
export const letterOf = (i: number) => letters[i % letters.length] as string
