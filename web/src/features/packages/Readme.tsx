import { useApi } from '@/api/query'
import { useText } from '@/i18n'
import { Section } from '@/ui'
import { Markdown } from '@/ui/markdown'
import { packageText } from './text'

/** README of a version, where it has one. */
export function Readme({ name, version }: { name: string; version: string }) {
  const t = useText(packageText)
  const q = useApi('GET /api/spark/packages/{name}/versions/{version}/readme', { path: { name, version } }, { staleTime: 600_000 })
  if (!q.data) return null
  return (
    <Section title={t.readme}>
      <div className="readme">{/\.(md|markdown)$/i.test(q.data.file) ? <Markdown text={q.data.text} /> : <pre>{q.data.text}</pre>}</div>
    </Section>
  )
}
