/* What the explorer shows, as it stands in the address: series=12,13;14 is two charts, of two series and of one. */
export const MOST_CHARTS = 4
export const MOST_SERIES = 5

export type Selection = number[][]

export function readSelection(text: string): Selection {
  const seen: Selection = []
  for (const part of text.split(';').slice(0, MOST_CHARTS)) {
    const ids = [
      ...new Set(
        part
          .split(',')
          .filter(x => /^\d{1,15}$/.test(x))
          .map(Number)
      )
    ].slice(0, MOST_SERIES)
    if (ids.length) seen.push(ids)
  }
  return seen
}

export const writeSelection = (s: Selection): string =>
  s
    .filter(c => c.length)
    .map(c => c.join(','))
    .join(';')

/** chart: index, or the number of charts for a new one. */
export function add(s: Selection, chart: number, id: number): Selection {
  if (chart >= s.length) return s.length < MOST_CHARTS ? [...s, [id]] : s
  return s.map((c, i) => (i === chart && !c.includes(id) && c.length < MOST_SERIES ? [...c, id] : c))
}

export function remove(s: Selection, chart: number, id: number): Selection {
  return s.map((c, i) => (i === chart ? c.filter(x => x !== id) : c)).filter(c => c.length)
}

export const removeChart = (s: Selection, chart: number): Selection => s.filter((_, i) => i !== chart)

export const allIds = (s: Selection): number[] => [...new Set(s.flat())]
