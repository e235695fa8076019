// View state in the address: filters, sorting, tabs, times. Typing replaces the entry of the history, choosing adds one.
import { useCallback, useMemo } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Sort } from '@/ui'

/** One member of the address's query; the default is not written. */
export function useParam(name: string, otherwise = ''): [string, (value: string, how?: 'push' | 'replace') => void] {
  const search = useSearch()
  const [location, navigate] = useLocation()
  const set = useCallback(
    (value: string, how: 'push' | 'replace' = 'replace') => {
      const query = new URLSearchParams(window.location.search)
      if (value === otherwise) query.delete(name)
      else query.set(name, value)
      const text = query.toString()
      navigate(text ? `${location}?${text}` : location, { replace: how === 'replace' })
    },
    [name, otherwise, location, navigate]
  )
  return [new URLSearchParams(search).get(name) ?? otherwise, set]
}

/** "name" or "-name" in ?sort=. */
export function useSort(otherwise: string): [Sort, (sort: Sort) => void] {
  const [text, set] = useParam('sort', otherwise)
  const sort = useMemo(() => ({ key: text.replace(/^-/, ''), down: text.startsWith('-') }), [text])
  return [sort, s => set((s.down ? '-' : '') + s.key)]
}

/** The line that the address names: #L48213. */
export function useHashTarget(): number | undefined {
  const n = Number(/^#L(\d+)$/.exec(window.location.hash)?.[1])
  return n > 0 ? n : undefined
}
