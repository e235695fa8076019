import { useLang } from '@/i18n'
import { type Kind, status } from './status'

/** The shape of a kind of state: tells it apart without its colour. */
export function StatusShape({ kind, size = 10 }: { kind: Kind; size?: number }) {
  return (
    <svg className={`shape k-${kind}`} width={size} height={size} viewBox="0 0 10 10" aria-hidden="true">
      {shapes[kind]}
    </svg>
  )
}

const shapes: Record<Kind, React.ReactNode> = {
  ok: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  warn: <path d="M5 .8 9.6 9H.4Z" fill="currentColor" />,
  err: (
    <>
      <path d="M3.2.5h3.6l2.7 2.7v3.6L6.8 9.5H3.2L.5 6.8V3.2Z" fill="currentColor" />
      <path d="m3.4 3.4 3.2 3.2m0-3.2L3.4 6.6" stroke="var(--bg)" strokeWidth="1.3" />
    </>
  ),
  info: <circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 1.4" />,
  pend: (
    <>
      <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" strokeWidth="1.4" />
      <path d="M5 1a4 4 0 0 1 4 4H5Z" fill="currentColor" />
    </>
  ),
  idle: <rect x="1.2" y="1.2" width="7.6" height="7.6" rx="1" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  unknown: <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray=".6 2" strokeLinecap="round" />
}

/** Colour, shape and word of a state. tint: on its own background. */
export function StatusBadge({ name, word, tint = false }: { name: string; word?: string; tint?: boolean }) {
  useLang()
  const s = status(name)
  return (
    <span className={`status k-${s.kind}${tint ? ' tint' : ''}`}>
      <StatusShape kind={s.kind} />
      {word ?? s.word}
    </span>
  )
}
