// Markdown to elements, for texts that strangers wrote: no HTML passes, no image is fetched, links lead only to http(s) and mail.
// biome-ignore-all lint/suspicious/noArrayIndexKey: lines of a text that stands still
import { Fragment, type ReactNode } from 'react'

const safe = (href: string): boolean => /^(https?:\/\/|mailto:|#)/i.test(href.trim())

/** `code`, **bold**, *italic*, ~~struck~~, [text](href), ![text](picture) as its text, bare addresses. */
function inline(text: string): ReactNode[] {
  const out: ReactNode[] = []
  const pattern =
    /(`+)(.+?)\1|!\[([^\]]*)\]\([^)]*\)|\[((?:[^[\]]|\[[^\]]*\])*)\]\(\s*<?([^)\s>]+)>?[^)]*\)|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*?)\*|(?<![\w])_([^_\s][^_]*?)_(?![\w])|~~(.+?)~~|(https?:\/\/[^\s<>"')\]]+)/g
  let at = 0
  for (const m of text.matchAll(pattern)) {
    if (m.index > at) out.push(text.slice(at, m.index))
    at = m.index + m[0].length
    const key = m.index
    if (m[2] !== undefined) out.push(<code key={key}>{m[2].trim()}</code>)
    else if (m[3] !== undefined) out.push(m[3] && <em key={key}>{m[3]}</em>)
    else if (m[5] !== undefined)
      out.push(
        safe(m[5]) ? (
          <a key={key} href={m[5]} rel="noreferrer noopener nofollow">
            {inline(m[4] ?? '')}
          </a>
        ) : (
          <Fragment key={key}>{inline(m[4] ?? '')}</Fragment>
        )
      )
    else if (m[6] ?? m[7]) out.push(<strong key={key}>{inline((m[6] ?? m[7]) as string)}</strong>)
    else if (m[8] ?? m[9]) out.push(<em key={key}>{inline((m[8] ?? m[9]) as string)}</em>)
    else if (m[10]) out.push(<s key={key}>{inline(m[10])}</s>)
    else if (m[11])
      out.push(
        <a key={key} href={m[11]} rel="noreferrer noopener nofollow">
          {m[11]}
        </a>
      )
  }
  if (at < text.length) out.push(text.slice(at))
  return out
}

type Block =
  | { kind: 'code' | 'para' | 'quote'; text: string }
  | { kind: 'head'; level: number; text: string }
  | { kind: 'list'; ordered: boolean; items: string[] }
  | { kind: 'table'; rows: string[][] }
  | { kind: 'rule' }

const cells = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map(c => c.trim())

const bullet = /^\s{0,3}(?:[-*+]|\d{1,9}[.)])\s+/

/** The blocks of a text; what it does not know is a paragraph. */
export function blocks(source: string): Block[] {
  const lines = source.replace(/\r\n?/g, '\n').split('\n')
  const out: Block[] = []
  let i = 0
  const take = (while_: (line: string) => boolean): string[] => {
    const from = i
    while (i < lines.length && while_(lines[i] as string)) i++
    return lines.slice(from, i)
  }
  while (i < lines.length) {
    const line = lines[i] as string
    const fence = /^\s{0,3}(```+|~~~+)/.exec(line)?.[1]
    const head = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line)
    if (!line.trim()) i++
    else if (fence) {
      i++
      out.push({ kind: 'code', text: take(l => !l.trim().startsWith(fence)).join('\n') })
      i++
    } else if (head) {
      out.push({ kind: 'head', level: (head[1] as string).length, text: head[2] as string })
      i++
    } else if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
      out.push({ kind: 'rule' })
      i++
    } else if (/^\s{0,3}>/.test(line))
      out.push({
        kind: 'quote',
        text: take(l => /^\s{0,3}>/.test(l))
          .map(l => l.replace(/^\s{0,3}>\s?/, ''))
          .join(' ')
      })
    else if (bullet.test(line)) {
      const items: string[] = []
      for (const l of take(x => !!x.trim() && (bullet.test(x) || /^\s{2,}/.test(x)))) {
        if (bullet.test(l)) items.push(l.replace(bullet, ''))
        else items.push(`${items.pop()} ${l.trim().replace(/^(?:[-*+]|\d+[.)])\s+/, '· ')}`)
      }
      out.push({ kind: 'list', ordered: /^\s*\d/.test(line), items })
    } else if (line.includes('|') && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[i + 1] ?? '')) {
      const rows = take(l => l.includes('|')).map(cells)
      rows.splice(1, 1)
      out.push({ kind: 'table', rows })
    } else {
      const first = i
      const para = take(l => !!l.trim() && (i === first || !(/^\s{0,3}(#{1,6}\s|```|~~~|>)/.test(l) || bullet.test(l))))
      out.push({ kind: 'para', text: para.map(l => l.replace(/<\/?[a-z!][^>]*>/gi, '').trim()).join(' ') })
    }
  }
  return out.filter(b => b.kind !== 'para' || b.text.trim())
}

function block(b: Block, key: number): ReactNode {
  switch (b.kind) {
    case 'code':
      return <pre key={key}>{b.text}</pre>
    case 'head': {
      const H = b.level <= 1 ? 'h3' : b.level === 2 ? 'h4' : 'h5' // the page has h1 and h2
      return <H key={key}>{inline(b.text)}</H>
    }
    case 'quote':
      return <blockquote key={key}>{inline(b.text)}</blockquote>
    case 'rule':
      return <hr key={key} />
    case 'list': {
      const L = b.ordered ? 'ol' : 'ul'
      return (
        <L key={key}>
          {b.items.map((item, i) => (
            <li key={i}>{inline(item)}</li>
          ))}
        </L>
      )
    }
    case 'table':
      return (
        <table key={key}>
          <tbody>
            {b.rows.map((r, i) => (
              <tr key={i}>{r.map((c, j) => (i === 0 ? <th key={j}>{inline(c)}</th> : <td key={j}>{inline(c)}</td>))}</tr>
            ))}
          </tbody>
        </table>
      )
    default:
      return <p key={key}>{inline(b.text)}</p>
  }
}

export function Markdown({ text }: { text: string }) {
  return <>{blocks(text).map(block)}</>
}
