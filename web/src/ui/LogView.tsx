// Lines of a log: a list of any length of which only what is in sight is drawn. It follows the end while it stands there.
import { ArrowDown } from 'lucide-react'
import { memo, type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useText } from '@/i18n'
import { clock, dateTime } from '@/i18n/format'
import { uiText } from './text'

export type LogLine = {
  /** Rises with the lines; the same line has the same number always. */
  id: number
  /** Milliseconds since 1970. */
  t: number
  level: string | null
  text: string
  /** The line says that so many were lost here. */
  skipped?: number
}

const lineHeight = 20
const margin = 20

type Props = {
  lines: LogLine[]
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

export function LogView({ lines, label, mark, onOlder, times = 'clock', target, empty }: Props) {
  const t = useText(uiText)
  const box = useRef<HTMLDivElement>(null)
  const following = useRef(target === undefined)
  const [range, setRange] = useState<[number, number]>([0, 80])
  const [behind, setBehind] = useState(0)
  const seen = useRef<number | undefined>(undefined)
  const first = useRef<number | undefined>(undefined)

  const measure = useCallback(() => {
    const b = box.current
    if (!b) return
    following.current = b.scrollTop + b.clientHeight >= b.scrollHeight - lineHeight
    if (following.current) setBehind(0)
    const from = Math.max(0, Math.floor(b.scrollTop / lineHeight) - margin)
    setRange(old => {
      const to = Math.ceil((b.scrollTop + b.clientHeight) / lineHeight) + margin
      return old[0] === from && old[1] === to ? old : [from, to]
    })
    if (b.scrollTop < 200 && b.scrollHeight > b.clientHeight) onOlder?.()
  }, [onOlder])

  useLayoutEffect(() => {
    const b = box.current
    const newest = lines.at(-1)?.id
    const oldest = lines[0]?.id
    if (!b || newest === undefined) return
    if (following.current) b.scrollTop = b.scrollHeight
    else {
      // Lines that came before the first one, or went away at the start, must not move what is being read.
      const shift = first.current === undefined ? 0 : lines.findIndex(l => l.id === first.current)
      if (shift > 0) b.scrollTop += shift * lineHeight
      if (seen.current !== undefined && newest > seen.current) {
        const from = seen.current
        setBehind(n => n + lines.filter(l => l.id > from).length)
      }
    }
    seen.current = newest
    first.current = oldest
    measure()
  }, [lines, measure])

  useEffect(() => {
    const b = box.current
    const at = target === undefined ? -1 : lines.findIndex(l => l.id === target)
    if (b && at >= 0) b.scrollTop = at * lineHeight - b.clientHeight / 2
  }, [target, lines])

  const toEnd = () => {
    following.current = true
    setBehind(0)
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }
  const [from, to] = [Math.min(range[0], lines.length), Math.min(range[1], lines.length)]
  return (
    <div className="log-frame">
      <div className="log-box" ref={box} onScroll={measure} role="log" aria-label={label ?? t.log} aria-live="off" tabIndex={0}>
        {lines.length === 0 && empty}
        <div className="log-lines" style={{ height: lines.length * lineHeight }}>
          <div style={{ transform: `translateY(${from * lineHeight}px)` }}>
            {lines.slice(from, to).map(l => (
              <Line key={l.id} line={l} mark={mark} times={times} target={l.id === target} />
            ))}
          </div>
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

const Line = memo(function Line({
  line,
  mark,
  times,
  target
}: {
  line: LogLine
  mark: string | undefined
  times: string
  target: boolean
}) {
  const t = useText(uiText)
  if (line.skipped) return <div className="log-line skipped">— {t.skipped(line.skipped)} —</div>
  return (
    <div className={`log-line lv-${line.level ?? 'none'}${target ? ' target' : ''}`}>
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
