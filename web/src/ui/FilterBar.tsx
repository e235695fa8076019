// One line that filters: words, and tokens "key:value" with suggestions; "-key:value" excludes. The text is the whole state, so it fits a URL.
import { Search, X } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useId, useMemo, useRef, useState } from 'react'
import { useText } from '@/i18n'
import { fold } from '@/lib/keyboard-layout'
import { IconButton } from './controls'
import { uiText } from './text'

export type Token = { key: string; value: string; not: boolean }
export type Filter = { words: string[]; tokens: Token[] }

/** "status:failed -package:demo sensor" -> tokens and words; values with blanks stand in quotes. */
export function parseFilter(text: string): Filter {
  const out: Filter = { words: [], tokens: [] }
  for (const [part] of text.matchAll(/-?[\p{L}_]+:"[^"]*"?|\S+/gu)) {
    const m = /^(-?)([\p{L}_]+):"?([^"]*)"?$/u.exec(part)
    if (m?.[2] && m[3]) out.tokens.push({ key: m[2].toLowerCase(), value: m[3], not: m[1] === '-' })
    else if (!m) out.words.push(part)
  }
  return out
}

/** Whether a row fits. get: a row's values of a key, undefined for a key that the table does not know. */
export function fits<T>(filter: Filter, row: T, get: (row: T, key: string) => string[] | undefined, words: (row: T) => string): boolean {
  const text = fold(words(row))
  if (!filter.words.every(w => text.includes(fold(w)))) return false
  const keys = new Set(filter.tokens.filter(t => !t.not).map(t => t.key))
  const has = (t: Token): boolean => (get(row, t.key) ?? []).some(v => fold(v) === fold(t.value))
  for (const key of keys) if (!filter.tokens.some(t => t.key === key && !t.not && has(t))) return false // several values of a key: any of them
  return !filter.tokens.some(t => t.not && has(t))
}

type Props = {
  value: string
  onChange: (text: string) => void
  /** Keys and their values, for suggestions. */
  keys?: Record<string, string[]> | (() => Record<string, string[]>)
  label?: string
  placeholder?: string
  children?: ReactNode
}

export function FilterBar({ value, onChange, keys = {}, label, placeholder, children }: Props) {
  const t = useText(uiText)
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const list = useId()
  const word = /\S*$/.exec(value)?.[0] ?? ''
  const options = useMemo(() => (open ? suggestions(word, typeof keys === 'function' ? keys() : keys) : []), [open, word, keys])
  const shown = open && options.length > 0
  const take = (option: string) => {
    onChange(value.slice(0, value.length - word.length) + option + (option.endsWith(':') ? '' : ' '))
    setAt(-1)
    input.current?.focus()
  }
  const onKey = (e: KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault()
      setOpen(true)
      const step = e.key === 'ArrowDown' ? 1 : -1
      setAt((at + step + options.length) % Math.max(1, options.length))
    } else if (e.key === 'Enter' && shown && at >= 0) {
      e.preventDefault()
      take(options[at] as string)
    } else if (e.key === 'Escape' && shown) {
      e.stopPropagation()
      setOpen(false)
    }
  }
  return (
    <search className="filter-bar">
      <div className="filter-box">
        <Search size={15} aria-hidden="true" />
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-label={label ?? t.filter}
          aria-expanded={shown}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={shown && at >= 0 ? `${list}-${at}` : undefined}
          placeholder={placeholder ?? t.filter}
          value={value}
          spellCheck={false}
          autoComplete="off"
          onChange={e => {
            onChange(e.currentTarget.value)
            setOpen(true)
            setAt(-1)
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKey}
        />
        {value && (
          <IconButton label={t.clear} size={22} onClick={() => onChange('')}>
            <X size={13} />
          </IconButton>
        )}
        <div role="listbox" id={list} aria-label={t.filter} className="suggestions" hidden={!shown}>
          {shown &&
            options.map((o, i) => (
              <div
                role="option"
                aria-selected={i === at}
                id={`${list}-${i}`}
                key={o}
                className={i === at ? 'on' : ''}
                onMouseDown={e => e.preventDefault()}
                onClick={() => take(o)}
              >
                {o}
              </div>
            ))}
        </div>
      </div>
      {children}
    </search>
  )
}

function suggestions(word: string, keys: Record<string, string[]>): string[] {
  const minus = word.startsWith('-') ? '-' : ''
  const bare = fold(word.slice(minus.length))
  const colon = bare.indexOf(':')
  if (colon < 0)
    return Object.keys(keys)
      .filter(k => k.startsWith(bare))
      .map(k => `${minus}${k}:`)
  const key = bare.slice(0, colon)
  const start = bare.slice(colon + 1).replace(/^"/, '')
  return (keys[key] ?? [])
    .filter(v => fold(v).includes(start) && fold(v) !== start)
    .slice(0, 12)
    .map(v => `${minus}${key}:${/\s/.test(v) ? `"${v}"` : v}`)
}
