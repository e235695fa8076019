// Lines of a log: a list of any length of which only what is in sight is drawn. It follows the end while it stands there; else what is being
// read stays in its place, whatever comes before or after it.
import { ArrowDown } from 'lucide-react'
import { memo, type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useText } from '@/i18n'
import { clock, dateTime } from '@/i18n/format'
import { type LogLine, placeOf } from './log-lines'
import { uiText } from './text'

export { type LogLine, LogLines } from './log-lines'

const lineHeight = 20
const margin = 20
/** What is drawn moves by so many lines at a time while one scrolls. */
const chunk = 10

type Props = {
  /** In order; may be changed in place, then version is another. */
  lines: readonly LogLine[]
  version?: number
  label?: string
  /** Words that are marked. */
  mark?: string
  /** Asked for when the top comes near: older lines. */
  onOlder?: () => void
  times?: 'clock' | 'full' | 'none'
  /** The line that the address names. */
  target?: number
  empty?: ReactNode
}

/* Where one stands in the lines: at the end, or at a line with some pixels of it above the edge. */
type Place = { end: true } | { end: false; line: LogLine; above: number; seen: LogLine }

export function LogView({ lines, version = 0, label, mark, onOlder, times = 'clock', target, empty }: Props) {
  const t = useText(uiText)
  const box = useRef<HTMLDivElement>(null)
  const place = useRef<Place>({ end: true })
  const height = useRef(800)
  const [top, setTop] = useState(0) // the first line in sight, by chunks; while one follows it is the end that counts
  const [following, setFollowing] = useState(true)

  const measure = useCallback(() => {
    const b = box.current
    const last = lines.at(-1)
    if (!b || !last) return
    height.current = b.clientHeight
    const first = Math.min(lines.length - 1, Math.floor(b.scrollTop / lineHeight))
    const end = b.scrollTop + b.clientHeight >= b.scrollHeight - lineHeight
    const old = place.current
    if (end) place.current = { end }
    else
      place.current = {
        end,
        line: lines[first] as LogLine,
        above: b.scrollTop - first * lineHeight,
        seen: old.end ? last : old.seen
      }
    setFollowing(end)
    setTop(Math.floor(first / chunk) * chunk)
    if (b.scrollTop < 200 && b.scrollHeight > b.clientHeight) onOlder?.()
  }, [lines, onOlder])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the lines may have changed in place
  useLayoutEffect(() => {
    const b = box.current
    if (!b || lines.length === 0) return
    const p = place.current
    const at = p.end ? b.scrollHeight : placeOf(lines, p.line) * lineHeight + p.above
    if (p.end || Math.abs(b.scrollTop - at) >= 1) b.scrollTop = at
    if (b.scrollHeight > b.clientHeight && b.scrollTop < 200) onOlder?.()
  }, [lines, version, onOlder])

  useEffect(() => {
    const b = box.current
    if (!b) return
    const sizes = new ResizeObserver(() => {
      height.current = b.clientHeight
      if (place.current.end) b.scrollTop = b.scrollHeight
    })
    sizes.observe(b)
    return () => sizes.disconnect()
  }, [])

  const shown = useRef<number | undefined>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: until it is there, the line may come with any change
  useEffect(() => {
    if (target === undefined || shown.current === target) return
    const b = box.current
    const at = lines.findIndex(l => l.id === target)
    if (!b || at < 0) return
    shown.current = target
    b.scrollTop = at * lineHeight - b.clientHeight / 2
  }, [target, lines, version])

  const toEnd = () => {
    place.current = { end: true }
    setFollowing(true)
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }
  const p = place.current
  const fits = Math.ceil(height.current / lineHeight)
  const first = following ? lines.length - fits : p.end ? top : Math.floor(placeOf(lines, p.line) / chunk) * chunk
  const from = Math.max(0, first - margin)
  const to = Math.min(lines.length, first + fits + chunk + margin)
  const behind = p.end ? 0 : lines.length - 1 - placeOf(lines, p.seen)
  return (
    <div className="log-frame">
      <div className="log-box" ref={box} onScroll={measure} role="log" aria-label={label ?? t.log} aria-live="off" tabIndex={0}>
        {lines.length === 0 && empty}
        <div className="log-lines" style={{ height: lines.length * lineHeight }}>
          {lines.slice(from, to).map((l, i) => (
            <Line key={`${l.id} ${l.t}`} line={l} top={(from + i) * lineHeight} mark={mark} times={times} target={l.id === target} />
          ))}
        </div>
      </div>
      {behind > 0 && (
        <button type="button" className="log-behind" onClick={toEnd}>
          <ArrowDown size={13} /> {t.newLines(behind)}
        </button>
      )}
    </div>
  )
}

type LineProps = { line: LogLine; top: number; mark: string | undefined; times: string; target: boolean }
const Line = memo(function Line({ line, top, mark, times, target }: LineProps) {
  const t = useText(uiText)
  if (line.skipped)
    return (
      <div className="log-line skipped" style={{ top }}>
        — {t.skipped(line.skipped)} —
      </div>
    )
  return (
    <div className={`log-line lv-${line.level ?? 'none'}${target ? ' target' : ''}`} style={{ top }}>
      {times !== 'none' && (
        <time dateTime={new Date(line.t).toISOString()} title={dateTime(line.t)}>
          {times === 'full' ? dateTime(line.t) : clock(line.t)}
        </time>
      )}
      <span className="log-level">{line.level ?? ''}</span>
      <span className="log-text">{mark ? marked(line.text, mark) : line.text}</span>
    </div>
  )
})

function marked(text: string, mark: string): ReactNode {
  const low = text.toLowerCase()
  const word = mark.toLowerCase()
  const out: ReactNode[] = []
  let at = 0
  for (let i = low.indexOf(word); i >= 0 && word; i = low.indexOf(word, at)) {
    out.push(text.slice(at, i), <mark key={i}>{text.slice(i, i + word.length)}</mark>)
    at = i + word.length
  }
  out.push(text.slice(at))
  return out
}
