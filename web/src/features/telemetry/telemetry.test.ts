import { describe, expect, test } from 'vitest'
import { quoted, rows } from './csv'
import { briefTitles, type Series, titleOf } from './queries'
import { add, allIds, MOST_CHARTS, MOST_SERIES, readSelection, remove, removeChart, writeSelection } from './selection'

describe('selection of the explorer', () => {
  test('of the address and back', () => {
    for (const text of ['', '12', '12,13;14', '1;2;3;4']) expect(writeSelection(readSelection(text))).toBe(text)
    expect(readSelection('1,1,x,-2;;<b>;3')).toEqual([[1], [3]])
    expect(readSelection('1;2;3;4;5;6')).toHaveLength(MOST_CHARTS)
    expect(readSelection('1,2,3,4,5,6,7')[0]).toHaveLength(MOST_SERIES)
  })

  test('adding and removing', () => {
    let s = add([], 0, 7)
    s = add(s, 0, 8)
    s = add(s, 0, 8)
    s = add(s, 1, 9)
    expect(s).toEqual([[7, 8], [9]])
    expect(allIds(s)).toEqual([7, 8, 9])
    expect(remove(s, 1, 9)).toEqual([[7, 8]])
    expect(removeChart(s, 0)).toEqual([[9]])
    const full = [[1], [2], [3], [4]]
    expect(add(full, 4, 5)).toEqual(full)
  })
})

describe('titles', () => {
  const series = (name: string, labels: Record<string, string>) => ({ name, labels }) as unknown as Series
  test('of series side by side: only what tells them apart', () => {
    const a = series('temperature', { host: 'a', room: '1', unit: 'u', unit_id: '7' })
    const b = series('temperature', { host: 'a', room: '2', unit: 'u', unit_id: '7' })
    expect(titleOf(a)).toBe('temperature {unit=u, room=1, host=a}')
    expect(briefTitles([a])).toEqual(['temperature'])
    expect(briefTitles([a, b])).toEqual(['temperature {room=1}', 'temperature {room=2}'])
    expect(briefTitles([a, series('up', { host: 'a' })])).toEqual(['temperature {unit=u, room=1}', 'up'])
  })
})

describe('CSV', () => {
  test('values, gaps, texts that are no formulas', () => {
    const text = rows([
      [1, 2.5],
      [2, null],
      [3, 'a,"b"'],
      [4, '=1+1'],
      [5, -3]
    ])
    expect(text.split('\n')).toEqual(['1,2.5', '2,', '3,"a,""b"""', "4,'=1+1", '5,-3', ''])
    expect(quoted('cpu {a=1, b=2}')).toBe('"cpu {a=1, b=2}"')
  })
})
