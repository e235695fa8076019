// Rows of things: sorting, keyboard, and only the rows in sight in the document, so that 5,000 rows scroll as fast as 50.
import { ArrowDown, ArrowDownUp, ArrowUp } from 'lucide-react'
import { type KeyboardEvent, memo, type ReactNode, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useText } from '@/i18n'
import { compareKeys, type Held } from './order'
import { uiText } from './text'

export type Column<T> = {
  key: string
  title: ReactNode
  /** What a grid column takes: "1fr", "minmax(160px, 2fr)", "120px". */
  width: string
  render: (row: T) => ReactNode
  /** Sorts by it; a string or a number. */
  sort?: (row: T) => string | number
  align?: 'end'
  /** Gone where the table is narrow. */
  minor?: boolean
  /** Least width of the table, in px, at which it is shown; minor is 640. */
  from?: number
  /** Stays however narrow the table is, as the first column, the name and the actions do. */
  keep?: boolean
  label?: string
  /** What it shows fits always and is never cut off: in long tables each cut costs a layer. */
  whole?: boolean
}

export type Sort = { key: string; down: boolean }

type Props<T> = {
  label: string
  columns: Column<T>[]
  rows: T[]
  rowKey: (row: T) => RowKey
  sort?: Sort
  onSort?: (sort: Sort) => void
  /** Opens a row by Enter or a click beside its links. */
  onOpen?: (row: T) => void
  rowHeight?: number
  rowClass?: (row: T) => string
  /** The table scrolls inside itself and draws what is in sight. */
  fill?: boolean
  footer?: ReactNode
  /** Told which rows are in the document. */
  onShown?: (rows: T[]) => void
  /** Rows can be picked, to do something with several. */
  picks?: Picks<T>
  /** The order is held while somebody is among the rows (useLiveOrder); a note tells how many wait to move. */
  held?: Held
}

type RowKey = string | number
export type Picks<T> = { picked: ReadonlySet<RowKey>; onPick: (picked: ReadonlySet<RowKey>) => void; name: (row: T) => string }

export function sorted<T>(rows: T[], columns: Column<T>[], sort: Sort | undefined): T[] {
  const by = columns.find(c => c.key === sort?.key)?.sort
  if (!by || !sort) return rows
  const sign = sort.down ? -1 : 1
  return rows
    .map(row => [by(row), row] as const)
    .sort(([a], [b]) => sign * compareKeys(a, b))
    .map(([, row]) => row)
}

const margin = 12
/** The window moves by so many rows at a time: less often. Rows that stay are neither drawn again nor moved. */
const chunk = 4

/** The rows in sight of a scrolled box of fixed rows. */
export function useWindow(count: number, height: number, on: boolean) {
  const ref = useRef<HTMLDivElement>(null)
  const [range, setRange] = useState<[number, number]>([0, on ? 60 : count])
  useLayoutEffect(() => {
    const box = ref.current
    if (!box || !on) return
    const measure = () => {
      const from = Math.max(0, Math.floor((box.scrollTop / height - margin) / chunk) * chunk)
      const to = Math.min(count, Math.ceil(((box.scrollTop + box.clientHeight) / height + margin) / chunk) * chunk)
      setRange(old => (old[0] === from && old[1] === to ? old : [from, to]))
    }
    measure()
    box.addEventListener('scroll', measure, { passive: true })
    const sizes = new ResizeObserver(measure)
    sizes.observe(box)
    return () => {
      box.removeEventListener('scroll', measure)
      sizes.disconnect()
    }
  }, [count, height, on])
  return { ref, from: on ? Math.min(range[0], count) : 0, to: on ? Math.min(range[1], count) : count }
}

const gap = 12
const least = (c: { width: string }): number => Number(/(?:^|minmax\()(\d+)px/.exec(c.width)?.[1] ?? 60)

/** The columns that the width has room for. Of those that may go the last ones go first. */
function fitting<T>(all: Column<T>[], width: number): Column<T>[] {
  const columns = all.filter(c => width >= (c.from ?? (c.minor ? 640 : 0)))
  let over = columns.reduce((n, c) => n + least(c) + gap, -gap) - width
  for (let i = columns.length - 1; i > 0 && over > 0; i--) {
    const c = columns[i] as Column<T>
    if (c.keep || c.key === 'name' || c.key === 'actions') continue
    over -= least(c) + gap
    columns.splice(i, 1)
  }
  return columns
}

function useWidth(ref: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(1000)
  useLayoutEffect(() => {
    const box = ref.current
    if (!box) return
    const { paddingLeft, paddingRight } = getComputedStyle(box)
    const around = Number.parseFloat(paddingLeft) + Number.parseFloat(paddingRight)
    const measure = () => setWidth(box.clientWidth - around)
    measure()
    const sizes = new ResizeObserver(measure)
    sizes.observe(box)
    return () => sizes.disconnect()
  }, [ref])
  return width
}

export function DataTable<T>({
  label,
  columns: all,
  rows,
  rowKey,
  sort,
  onSort,
  onOpen,
  rowHeight = 36,
  rowClass,
  fill = false,
  footer,
  onShown,
  picks,
  held
}: Props<T>) {
  const { ref, from, to } = useWindow(rows.length, rowHeight, fill)
  const width = useWidth(ref)
  const room = width - (picks ? 32 : 0)
  const columns = useMemo(() => fitting(all, room), [all, room])
  const told = useRef<string>('')
  useEffect(() => {
    if (!onShown) return
    const shown = rows.slice(from, to)
    const key = shown.map(rowKey).join(' ')
    if (key === told.current) return
    told.current = key
    onShown(shown)
  }, [onShown, rows, rowKey, from, to])
  const template = `${picks ? '20px ' : ''}${columns.map(c => c.width).join(' ')}`
  const pick = usePicking(rows, rowKey, picks)
  const among = useAmong(held?.hold)
  const onKey = (e: KeyboardEvent<HTMLDivElement>) => {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return
    const from = e.target as HTMLElement
    const row = from.closest('[role=row]')
    const next = e.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling
    const picking = from.matches('input.pick')
    const to = next?.querySelector<HTMLInputElement>(picking ? 'input.pick' : 'a, button')
    if (!to) return
    e.preventDefault()
    to.focus()
    if (picking && e.shiftKey && !to.checked) to.click()
  }
  return (
    <div className={fill ? 'table-box fill' : 'table-box'} ref={ref} {...among}>
      <div
        role="table"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        className="table"
        style={{ '--columns': template } as React.CSSProperties}
        onKeyDown={onKey}
      >
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} className="tr" tabIndex={-1}>
            {picks && (
              <div role="columnheader" className="td">
                <PickAll
                  all={rows.length}
                  picked={picks.picked.size ? rows.filter(r => picks.picked.has(rowKey(r))).length : 0}
                  onAll={pick.all}
                />
              </div>
            )}
            {columns.map(c => (
              <Head key={c.key} column={c} sort={sort} onSort={onSort} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={fill ? { height: rows.length * rowHeight } : undefined}>
          {rows.slice(from, to).map((row, i) => (
            <Row
              key={rowKey(row)}
              row={row}
              index={from + i + 2}
              columns={columns}
              height={rowHeight}
              top={fill ? (from + i) * rowHeight : undefined}
              onOpen={onOpen}
              extra={rowClass?.(row)}
              id={rowKey(row)}
              picked={picks?.picked.has(rowKey(row))}
              name={picks?.name(row)}
              onPick={pick.one}
            />
          ))}
        </div>
      </div>
      {footer}
      {held && <OrderNote {...held} />}
    </div>
  )
}

/* Whether somebody is among the rows: with the pointer, or with the keyboard. */
function useAmong(hold: ((on: boolean) => void) | undefined) {
  const here = useRef({ pointer: false, keys: false })
  useEffect(() => () => hold?.(false), [hold])
  return useMemo(() => {
    if (!hold) return {}
    const set = (change: { pointer?: boolean; keys?: boolean }) => {
      const { pointer, keys } = Object.assign(here.current, change)
      hold(pointer || keys)
    }
    return {
      onPointerEnter: () => set({ pointer: true }),
      onPointerLeave: () => set({ pointer: false }),
      onFocus: (e: React.FocusEvent) => set({ keys: e.target.matches(':focus-visible') }),
      onBlur: () => set({ keys: false })
    }
  }, [hold])
}

function OrderNote({ waiting, apply }: Held) {
  const t = useText(uiText)
  return (
    <div className="order-note" role="status">
      {waiting > 0 && (
        <button type="button" title={t.orderPaused} onClick={apply}>
          <ArrowDownUp size={13} aria-hidden="true" /> {t.willMove(waiting)}
        </button>
      )}
    </div>
  )
}

/** Changes what is picked; what it gives stays the same function, so that rows need not be drawn again. */
function usePicking<T>(rows: T[], rowKey: (row: T) => RowKey, picks: Picks<T> | undefined) {
  const now = useRef({ rows, rowKey, picks })
  now.current = { rows, rowKey, picks }
  const last = useRef<RowKey | undefined>(undefined)
  return useMemo(
    () => ({
      all: (on: boolean) => {
        const { rows, rowKey, picks } = now.current
        picks?.onPick(new Set(on ? rows.map(rowKey) : []))
      },
      /** through: with all between it and the one that was picked before. */
      one: (key: RowKey, on: boolean, through: boolean) => {
        const { rows, rowKey, picks } = now.current
        const next = new Set(picks?.picked)
        const keys = rows.map(rowKey)
        const from = last.current === undefined || !through ? -1 : keys.indexOf(last.current)
        const at = keys.indexOf(key)
        for (const k of from < 0 ? [key] : keys.slice(Math.min(from, at), Math.max(from, at) + 1)) {
          if (on) next.add(k)
          else next.delete(k)
        }
        last.current = key
        picks?.onPick(next)
      }
    }),
    []
  )
}

function PickAll({ all, picked, onAll }: { all: number; picked: number; onAll: (on: boolean) => void }) {
  const t = useText(uiText)
  const ref = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    if (ref.current) ref.current.indeterminate = picked > 0 && picked < all
  }, [picked, all])
  return (
    <input
      ref={ref}
      type="checkbox"
      className="pick"
      aria-label={t.pickAll}
      checked={picked > 0 && picked === all}
      onChange={e => onAll(e.currentTarget.checked)}
    />
  )
}

function Head<T>({ column: c, sort, onSort }: { column: Column<T>; sort: Sort | undefined; onSort: ((s: Sort) => void) | undefined }) {
  const t = useText(uiText)
  const mine = sort?.key === c.key
  return (
    <div role="columnheader" className={cell(c)} aria-sort={mine ? (sort.down ? 'descending' : 'ascending') : undefined}>
      {c.sort && onSort ? (
        <button
          type="button"
          className="th-button"
          title={t.sortBy(c.label ?? String(c.title))}
          onClick={() => onSort({ key: c.key, down: mine ? !sort.down : false })}
        >
          {c.title}
          {mine && (sort.down ? <ArrowDown size={12} /> : <ArrowUp size={12} />)}
        </button>
      ) : (
        c.title || <span className="offscreen">{c.label}</span>
      )}
    </div>
  )
}

/** A link that stands for its row is a plain one (data-opens): long tables have no room for a router in every cell. */
const opens = (e: React.MouseEvent): boolean =>
  !(e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || e.button) && (e.target as HTMLElement).closest('a[data-opens]') !== null

const cell = <T,>(c: Column<T>): string => `td${c.align === 'end' ? ' end' : ''}${c.whole ? ' whole' : ''}`

/* Drawn again only when something of it is another: while one scrolls, rows that stay are left alone. */
const Row = memo(PlainRow) as typeof PlainRow

function PlainRow<T>({
  row,
  index,
  columns,
  height,
  top,
  onOpen,
  extra,
  id,
  picked,
  name,
  onPick
}: {
  row: T
  index: number
  columns: Column<T>[]
  height: number
  /** Its place in a table that draws only what is in sight. */
  top: number | undefined
  onOpen: ((row: T) => void) | undefined
  extra: string | undefined
  id: RowKey
  /** undefined: rows are not picked here. */
  picked: boolean | undefined
  name: string | undefined
  onPick: (key: RowKey, on: boolean, through: boolean) => void
}) {
  const t = useText(uiText)
  const open = (e: React.MouseEvent) => {
    if (onOpen && opens(e)) {
      e.preventDefault()
      onOpen(row)
      return
    }
    if (!onOpen || (e.target as HTMLElement).closest('a, button, input, label, [role=menuitem]')) return
    if (getSelection()?.toString()) return
    onOpen(row)
  }
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index}
      className={`tr${onOpen ? ' opens' : ''}${picked ? ' picked' : ''}${extra ? ` ${extra}` : ''}`}
      style={{ height, top }}
      onClick={open}
    >
      {picked !== undefined && (
        <div role="cell" className="td">
          <input
            type="checkbox"
            className="pick"
            aria-label={t.pick(name ?? '')}
            checked={picked}
            onChange={e => onPick(id, e.currentTarget.checked, (e.nativeEvent as unknown as MouseEvent).shiftKey)}
          />
        </div>
      )}
      {columns.map(c => (
        <div role="cell" key={c.key} className={cell(c)}>
          {c.render(row)}
        </div>
      ))}
    </div>
  )
}
