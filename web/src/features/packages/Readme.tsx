import { useQuery } from '@tanstack/react-query'
import { useText } from '@/i18n'
import { Section } from '@/ui'
import { Markdown } from '@/ui/markdown'
import { packageText } from './text'

/** README of a version: 404 where it has none. */
async function readme(name: string, version: string, signal: AbortSignal): Promise<string | null> {
  const r = await fetch(`/api/spark/packages/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}/readme`, { signal })
  return r.ok ? r.text() : null
}

export function Readme({ name, version }: { name: string; version: string }) {
  const t = useText(packageText)
  const q = useQuery({
    queryKey: ['readme', name, version],
    queryFn: ({ signal }) => readme(name, version, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false
  })
  if (!q.data) return null
  return (
    <Section title={t.readme}>
      <div className="readme">
        <Markdown text={q.data} />
      </div>
    </Section>
  )
}
