// What a view shows instead of data: nothing yet, nothing that fits, loading, an error.
import { RotateCw } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { asApiError, problemTitle } from '@/api/problem'
import { useText } from '@/i18n'
import { copyText } from '@/lib/clipboard'
import { CopyLine } from './Copy'
import { Button } from './controls'
import { uiText } from './text'

/** Nothing is there yet: one sentence, the exact command, one action. */
export function Empty({ title, children, command, action }: { title: string; children?: ReactNode; command?: string; action?: ReactNode }) {
  return (
    <section className="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {command && <CopyLine text={command} />}
      {action && <div className="row">{action}</div>}
    </section>
  )
}

/** Data are there, and none fit. */
export function NoMatch({ all, onClear }: { all: number; onClear: () => void }) {
  const t = useText(uiText)
  return (
    <p className="empty-line" role="status">
      {t.noMatch(all)}{' '}
      <button type="button" className="link" onClick={onClear}>
        {t.clear}
      </button>
    </p>
  )
}

export function Loading({ rows = 3 }: { rows?: number }) {
  const t = useText(uiText)
  return (
    <div className="skeleton" role="status" aria-label={t.loading}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars without identity
        <span key={i} />
      ))}
    </div>
  )
}

/** An error of a part of the page: what, why, what to do, and what to tell whoever helps. */
export function ErrorCard({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useText(uiText)
  const e = asApiError(error)
  const [left, setLeft] = useState(e.retryAfter ? Math.ceil(e.retryAfter / 1000) : 0)
  useEffect(() => {
    if (left <= 0) return
    const timer = setTimeout(() => setLeft(left - 1), 1000)
    return () => clearTimeout(timer)
  }, [left])
  const details = [
    `${e.status} ${e.code}`,
    e.field,
    e.detail,
    e.requestId && `request ${e.requestId}`,
    location.href,
    new Date().toISOString()
  ]
  return (
    <section className="error-card" role="alert">
      <h2>{problemTitle(e)}</h2>
      {(e.detail || e.field) && (
        <p lang="en">
          {e.field && <code>{e.field}</code>} {e.detail}
        </p>
      )}
      <div className="row">
        {onRetry && (
          <Button look="primary" disabled={left > 0} leftSection={<RotateCw size={14} />} onClick={onRetry}>
            {left > 0 ? t.retryIn(left) : t.retry}
          </Button>
        )}
        <Button look="quiet" onClick={() => copyText(details.filter(Boolean).join('\n'))}>
          {t.details}
        </Button>
        {e.requestId && (
          <span className="dim">
            {t.request} <code>{e.requestId}</code>
          </span>
        )}
      </div>
    </section>
  )
}

type Answer<T> = { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown }

/** Shows what a read gave, or why not. */
export function Loaded<T>({ of, children, rows }: { of: Answer<T>; children: (data: T) => ReactNode; rows?: number }) {
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.error) return <ErrorCard error={of.error} onRetry={() => of.refetch()} />
  return <Loading {...(rows ? { rows } : {})} />
}
