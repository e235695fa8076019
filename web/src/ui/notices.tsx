// Results that come later than the click, in a corner; a click's own result stands where the click was.
import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useText } from '@/i18n'
import { IconButton } from './controls'
import { StatusShape } from './StatusBadge'
import type { Kind } from './status'
import { uiText } from './text'

type Notice = { id: number; kind: Kind; text: string }
let notices: Notice[] = []
let last = 0
const listeners = new Set<() => void>()
const subscribe = (tell: () => void) => {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

function set(next: Notice[]): void {
  notices = next
  for (const tell of listeners) tell()
}

const drop = (id: number): void => set(notices.filter(n => n.id !== id))

export function notice(kind: Kind, text: string): void {
  const id = ++last
  set([...notices.slice(-3), { id, kind, text }])
  setTimeout(() => drop(id), kind === 'err' ? 20_000 : 6_000)
}

export function Notices() {
  const t = useText(uiText)
  const list = useSyncExternalStore(subscribe, () => notices)
  return (
    <div className="notices" role="status" aria-live="polite">
      {list.map(n => (
        <div key={n.id} className={`notice k-${n.kind}`}>
          <StatusShape kind={n.kind} />
          <span>{n.text}</span>
          <IconButton label={t.dismiss} onClick={() => drop(n.id)}>
            <X size={14} />
          </IconButton>
        </div>
      ))}
    </div>
  )
}
