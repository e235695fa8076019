import { useEffect } from 'react'
import { useText } from '@/i18n'
import { clock } from '@/i18n/format'
import { useLiveStatus } from '@/live/hooks'
import { shellText } from './text'

let known = ''

/** While the server does not answer, values are old, not bad; and a new build of it has another page. */
export function OfflineBar() {
  const t = useText(shellText)
  const s = useLiveStatus()
  known ||= s.build
  const offline = s.state === 'offline'
  useEffect(() => void document.documentElement.toggleAttribute('data-offline', offline), [offline])
  if (offline)
    return (
      <p className="offline-bar" role="status">
        {t.asOf(clock(s.since, false))}
      </p>
    )
  if (!s.build || s.build === known) return null
  return (
    <p className="offline-bar" role="status">
      {t.newBuild}{' '}
      <button type="button" className="link" onClick={() => location.reload()}>
        {t.reload}
      </button>
    </p>
  )
}
