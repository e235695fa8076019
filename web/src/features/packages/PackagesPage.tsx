import { useDeferredValue } from 'react'
import { Link } from 'wouter'
import { api } from '@/api/client'
import type { ApiError } from '@/api/problem'
import { keepPreviousData, useApi, useInfiniteQuery } from '@/api/query'
import type { Package } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useParam } from '@/app/search'
import { useInProject } from '@/app/shell/project'
import { useText } from '@/i18n'
import { ago } from '@/i18n/format'
import { useServerNow } from '@/live'
import { Button, Empty, Loaded, NoMatch, Page, SearchField, Select, StatusBadge } from '@/ui'
import './packages.css'
import { packageText } from './text'

const sorts = ['updated', 'downloads', 'name', 'created'] as const
type Sorts = (typeof sorts)[number]
type Answer = { packages: Package[]; total: number; offset: number }
const step = 50

function usePackages(q: string, category: string, tag: string, sort: Sorts) {
  return useInfiniteQuery<Answer, ApiError>({
    queryKey: ['GET /api/spark/packages', q, category, tag, sort],
    initialPageParam: 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const offset = pageParam as number
      if (!q)
        return api(
          'GET /api/spark/packages',
          { query: { limit: step, offset, sort, ...(category ? { category } : {}), ...(tag ? { tag } : {}) } },
          { signal }
        )
      const hits = await api('GET /api/spark/packages/search', { query: { q, limit: 100 } }, { signal })
      const packages = hits.packages.filter(p => (!category || p.category === category) && (!tag || p.tags.includes(tag)))
      return { packages, total: packages.length, offset: 0 }
    },
    getNextPageParam: last => (last.offset + last.packages.length < last.total ? last.offset + last.packages.length : undefined)
  })
}

export default function PackagesPage() {
  const t = useText(packageText)
  const [q, setQ] = useParam('q')
  const [category, setCategory] = useParam('category')
  const [tag, setTag] = useParam('tag')
  const [sort, setSort] = useParam('sort', 'updated')
  const asked = useDeferredValue(q.trim())
  const list = usePackages(asked, category, tag, sort as Sorts)
  const categories = useApi('GET /api/spark/packages/categories', {}, { staleTime: 60_000 }).data?.categories ?? []
  const inProject = useInProject()
  const filtered = !!(q || category || tag)
  return (
    <Page
      title={t.title}
      actions={<Link href={href('publish')}>{t.howToPublish}</Link>}
      equivalent={{
        cli: [q ? `spark search ${q}` : 'spark search', 'spark install NAME'],
        api: [q ? `GET /api/spark/packages/search?q=${encodeURIComponent(q)}` : `GET /api/spark/packages?sort=${sort}`]
      }}
    >
      <search className="row">
        <SearchField label={t.search} value={q} onChange={setQ} className="package-search" />
        <Select
          aria-label={t.category}
          value={category}
          onChange={e => setCategory(e.currentTarget.value, 'push')}
          data={[
            { value: '', label: t.anyCategory },
            ...categories.map(c => ({ value: c.category, label: `${c.category} (${c.packages})` }))
          ]}
        />
        <Select
          aria-label={t.sort}
          value={sort}
          onChange={e => setSort(e.currentTarget.value, 'push')}
          data={sorts.map(s => ({ value: s, label: t.sorts[s] }))}
        />
        {tag && (
          <button type="button" className="tag tag-button" onClick={() => setTag('', 'push')}>
            {tag} ×
          </button>
        )}
      </search>
      <Loaded of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }} rows={8}>
        {data => {
          const rows = data.pages.flatMap(p => p.packages).filter(p => inProject(p.project_id))
          const total = data.pages[0]?.total ?? 0
          if (rows.length === 0 && !filtered)
            return (
              <Empty title={t.emptyTitle} command="spark publish ./my-folder" action={<Link href={href('publish')}>{t.howToPublish}</Link>}>
                {t.empty}
              </Empty>
            )
          if (rows.length === 0) return <NoMatch all={total} onClear={() => window.history.pushState(null, '', window.location.pathname)} />
          return (
            <>
              <p className="dim" role="status">
                {t.count(total)}
              </p>
              <ul className="packages">
                {rows.map(p => (
                  <Row key={p.id} p={p} onTag={v => setTag(v, 'push')} />
                ))}
              </ul>
              {list.hasNextPage && (
                <div>
                  <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                    +{step}
                  </Button>
                </div>
              )}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function Row({ p, onTag }: { p: Package; onTag: (tag: string) => void }) {
  const t = useText(packageText)
  const now = useServerNow()
  return (
    <li className="package-row">
      <div className="grow">
        <h2 className="row">
          <Link href={href('package', { name: p.name })}>{p.display_name}</Link>
          {p.display_name !== p.name && <code className="faint">{p.name}</code>}
          {p.deprecated && <StatusBadge name="deprecated" tint />}
          {!p.is_public && <span className="tag">{t.private}</span>}
        </h2>
        <p className="dim">{p.description ?? t.noDescription}</p>
        <p className="row">
          {p.category && <span className="faint">{p.category}</span>}
          {p.tags.map(tag => (
            <button type="button" key={tag} className="tag tag-button" onClick={() => onTag(tag)}>
              {tag}
            </button>
          ))}
        </p>
      </div>
      <div className="package-side faint num">
        <span>{t.downloaded(p.downloads)}</span>
        <span>{ago((now - Date.parse(p.updated_at)) / 1000)}</span>
        <span>{p.author}</span>
      </div>
    </li>
  )
}
