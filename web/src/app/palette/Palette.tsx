// One place to find things and do things: pages, actions, units, packages, people. Words of the wrong keyboard layout are understood.
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { problemTitle } from '@/api/problem'
import { useApi } from '@/api/query'
import { useText } from '@/i18n'
import { score, variants } from '@/lib/keyboard-layout'
import { live } from '@/live'
import { notice, StatusShape, setLang, setTheme, status } from '@/ui'
import { href } from '../routes'
import { hasRight, useSession, useSessionActions } from '../session/session'
import { navigation, useNavText } from '../shell/navigation'
import { useUnits } from '../units/queries'
import { unitState } from '../units/state'
import './palette.css'
import { paletteText } from './text'

type Group = 'pages' | 'actions' | 'units' | 'packages' | 'people'
type Item = { id: string; group: Group; label: string; note?: string; words?: string; state?: string; go: () => void }

const prefixes: Record<string, Group> = { '/': 'pages', '>': 'actions', '@': 'people' }
const recentPlace = 'netbit.recent'
const most = 8

function useItems(query: string, navigate: (to: string) => void): Item[] {
  const t = useText(paletteText)
  const names = useNavText()
  const { me } = useSession()
  const { leave } = useSessionActions()
  const units = useUnits().data
  const words = query.replace(/^[/>@]/, '').trim()
  const asked = useDebounced(words, 80)
  const packages = useApi(
    'GET /api/spark/packages/search',
    { query: { q: variants(asked)[0] ?? '', limit: most } },
    { enabled: asked.length > 1, keep: true }
  ).data?.packages
  const people = useApi(
    'GET /api/v1/users',
    { query: { text: asked, limit: most } },
    { enabled: hasRight(me, 'admin') && asked.length > 0, keep: true }
  ).data?.items
  return useMemo(() => {
    const page = (to: string) => () => navigate(to)
    const items: Item[] = navigation
      .filter(n => !n.right || hasRight(me, n.right))
      .map(n => ({ id: `page ${n.name}`, group: 'pages', label: names[n.name], words: n.path, note: n.path, go: page(n.path) }))
    const act = (name: string, label: string, go: () => void): Item => ({ id: `act ${name}`, group: 'actions', label, go })
    items.push(
      act('publish', t.publish, page(href('publish'))),
      act('token', t.token, page(`${href('tokens')}?new=1`)),
      act('project', t.project, page(`${href('projects')}?new=1`)),
      act('light', t.light, () => setTheme('light')),
      act('dark', t.dark, () => setTheme('dark')),
      act('auto', t.auto, () => setTheme('auto')),
      act('lang', t.other, () => setLang(document.documentElement.lang === 'ru' ? 'en' : 'ru')),
      act('pause', t.pause, () => live.setPaused(!live.paused)),
      act('docs', t.docs, () => window.open('/docs', '_blank', 'noopener')),
      act('out', t.signOut, () => void leave().catch(e => notice('err', problemTitle(e))))
    )
    for (const u of units ?? [])
      items.push({
        id: `unit ${u.unit_id}`,
        group: 'units',
        label: u.name,
        note: u.package_name,
        words: u.device_name ?? '',
        state: unitState(u, live.now()),
        go: page(href('unit', { id: u.unit_id }))
      })
    for (const p of packages ?? [])
      items.push({
        id: `package ${p.name}`,
        group: 'packages',
        label: p.display_name,
        note: p.name,
        words: `${p.description ?? ''} ${p.tags.join(' ')} ${asked}`,
        go: page(href('package', { name: p.name }))
      })
    for (const p of people ?? [])
      items.push({
        id: `person ${p.id}`,
        group: 'people',
        label: p.display_name,
        note: p.login,
        words: asked,
        go: page(`${href('users')}?q=${encodeURIComponent(p.login)}`)
      })
    return items
  }, [t, names, me, units, packages, people, asked, navigate, leave])
}

function recents(): string[] {
  try {
    return JSON.parse(localStorage.getItem(recentPlace) ?? '[]') as string[]
  } catch {
    return []
  }
}

function remember(id: string): void {
  if (id.startsWith('act ')) return
  localStorage.setItem(recentPlace, JSON.stringify([id, ...recents().filter(r => r !== id)].slice(0, 12)))
}

function found(items: Item[], query: string): Item[] {
  const only = prefixes[query[0] ?? '']
  const words = only ? query.slice(1).trim() : query.trim()
  const pool = only ? items.filter(i => i.group === only) : items
  const last = recents()
  const rank = (i: Item): number => (last.includes(i.id) ? 0.5 - last.indexOf(i.id) / 100 : 0)
  if (!words)
    return only
      ? pool.slice(0, 20)
      : [
          ...pool.filter(i => rank(i) > 0).sort((a, b) => rank(b) - rank(a)),
          ...pool.filter(i => rank(i) === 0 && (i.group === 'pages' || i.group === 'actions'))
        ].slice(0, 20)
  const scored = pool
    .map(i => [Math.max(score(words, i.label) * 2, score(words, `${i.label} ${i.note ?? ''} ${i.words ?? ''}`)), i] as const)
    .filter(([n]) => n > 0)
  const best = scored.sort(([a, x], [b, y]) => b + rank(y) - a - rank(x)).map(([, i]) => i)
  const per = new Map<Group, number>()
  return best
    .filter(i => {
      const n = (per.get(i.group) ?? 0) + 1
      per.set(i.group, n)
      return n <= most
    })
    .slice(0, 24)
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useText(paletteText)
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useId()
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const [, navigate] = useLocation()
  const items = useItems(query, navigate)
  const shown = useMemo(() => found(items, query), [items, query])
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const take = (item: Item | undefined) => {
    if (!item) return
    remember(item.id)
    onClose()
    item.go()
  }
  const onKey = (e: KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault()
      const next = (at + (e.key === 'ArrowDown' ? 1 : -1) + shown.length) % Math.max(1, shown.length)
      setAt(next)
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: 'nearest' })
    } else if (e.key === 'Enter') {
      e.preventDefault()
      take(shown[at])
    }
  }
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label={t.title}
      onCancel={e => {
        e.preventDefault()
        onClose()
      }}
      onClick={e => e.target === dialog.current && onClose()}
    >
      <div className="palette-box">
        <input
          autoFocus
          role="combobox"
          aria-label={t.title}
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={shown.length ? `${list}-${at}` : undefined}
          aria-autocomplete="list"
          placeholder={t.placeholder}
          value={query}
          onChange={e => {
            setQuery(e.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={onKey}
          spellCheck={false}
          autoComplete="off"
        />
        <div role="listbox" id={list} aria-label={t.title} className="palette-list">
          {shown.map((i, n) => (
            <div key={i.id} id={`${list}-${n}`} role="option" aria-selected={n === at} onMouseMove={() => setAt(n)} onClick={() => take(i)}>
              {i.state && <StatusShape kind={status(i.state).kind} />}
              <span className="cut">{i.label}</span>
              {i.note && i.note !== i.label && <span className="faint cut">{i.note}</span>}
              <span className="palette-group">{t[i.group]}</span>
            </div>
          ))}
          {shown.length === 0 && <p className="empty-line">{t.nothing}</p>}
        </div>
        <p className="palette-hint" aria-hidden="true">
          {t.hint}
        </p>
        <span className="offscreen" role="status">
          {t.results(shown.length)}
        </span>
      </div>
    </dialog>
  )
}

function useDebounced(value: string, ms: number): string {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return late
}
