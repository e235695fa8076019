import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { problemTitle } from '@/api/problem'
import { useText } from '@/i18n'
import { Button, IconButton } from './controls'
import { uiText } from './text'

/** What has the focus, to have it again afterwards; of an item in a menu, which goes, the button that opened the menu. */
function present(): HTMLElement | null {
  const e = document.activeElement as HTMLElement | null
  const menu = e?.closest('[role=menu]')
  return menu?.id ? document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu.id)}"]`) : e
}

/** The browser's own modal dialog: focus stays in it, Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
  wide = false
}: {
  title: string
  onClose: () => void
  children: ReactNode
  wide?: boolean
}) {
  const t = useText(uiText)
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const [opener] = useState(present)
  useEffect(() => {
    const dialog = ref.current
    if (dialog && !dialog.open) {
      dialog.showModal()
      // The browser takes the first button, which closes; a person goes on with what the dialog is for.
      const first = '[data-first], .dialog-body :is(input:not([type=hidden]), select, textarea)'
      dialog.querySelector<HTMLElement>(first)?.focus()
    }
    return () => {
      dialog?.close()
      if (opener?.isConnected) opener.focus()
    }
  }, [opener])
  return (
    <dialog
      ref={ref}
      className={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={heading}
      onCancel={e => {
        e.preventDefault()
        onClose()
      }}
    >
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <IconButton label={t.close} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}

export type ConfirmProps = {
  title: string
  /** What will happen, in a sentence. */
  children: ReactNode
  action: string
  danger?: boolean
  /** The person must type this first: for what cannot be undone. */
  typed?: string
  typeLabel?: string
  onConfirm: () => Promise<unknown>
  onClose: () => void
}

/** What the person types to show that they mean it. */
export function TypedCheck({ want, label, onReady }: { want: string; label: string; onReady: (ready: boolean) => void }) {
  return (
    <label className="field">
      <span>
        {label} <code>{want}</code>
      </span>
      <input
        className="plain-input"
        data-first=""
        onChange={e => onReady(e.currentTarget.value.trim() === want)}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  )
}

/** Asks before something that has consequences; shows the server's refusal where the question was. */
export function Confirm({ title, children, action, danger = false, typed, typeLabel, onConfirm, onClose }: ConfirmProps) {
  const t = useText(uiText)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const [ready, setReady] = useState(typed === undefined)
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm()
      onClose()
    } catch (e) {
      setError(e)
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="stack">
        <div>{children}</div>
        {typed !== undefined && <TypedCheck want={typed} label={typeLabel ?? ''} onReady={setReady} />}
        {error !== undefined && (
          <p className="error-line" role="alert">
            {problemTitle(error)}. {error instanceof Error ? error.message : ''}
          </p>
        )}
        <div className="row end">
          <Button onClick={onClose} data-first={danger && typed === undefined ? '' : undefined}>
            {t.cancel}
          </Button>
          <Button
            look={danger ? 'danger' : 'primary'}
            loading={busy}
            disabled={!ready}
            onClick={go}
            data-first={danger || typed !== undefined ? undefined : ''}
          >
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
