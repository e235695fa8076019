import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useText } from '@/i18n'
import { copyText } from '@/lib/clipboard'
import { IconButton } from './controls'
import { uiText } from './text'

/** Copies the text and says so; where the browser refuses, it says what to do instead. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useText(uiText)
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2000)
    return () => clearTimeout(timer)
  }, [state])
  const name = state === 'done' ? t.copied : state === 'failed' ? t.copyFailed : (label ?? t.copy)
  return (
    <IconButton label={name} onClick={async () => setState((await copyText(text)) ? 'done' : 'failed')}>
      {state === 'done' ? <Check size={15} className="k-ok" /> : <Copy size={15} />}
    </IconButton>
  )
}

/** A command or a piece of text to take along, in one line or several. */
export function CopyLine({ text, label }: { text: string; label?: string }) {
  return (
    <div className="copy-line">
      <pre>{text}</pre>
      <CopyButton text={text} {...(label ? { label } : {})} />
    </div>
  )
}
