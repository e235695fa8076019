import { useText } from '@/i18n'
import { LogView } from '@/ui/LogView'
import { type LogTail, useTail } from './log'
import { unitText } from './text'

type Props = { tail: LogTail; mark?: string; target?: number | undefined; times?: 'clock' | 'full' }

/** The lines as they come; nothing around them draws again with them. */
export function LogLive({ tail, target, ...rest }: Props) {
  const t = useText(unitText)
  const version = useTail(tail)
  return (
    <LogView
      lines={tail.list}
      version={version}
      onOlder={tail.older}
      {...rest}
      {...(target ? { target } : {})}
      empty={tail.loading ? null : <p className="log-empty">{t.noLogs}</p>}
    />
  )
}
