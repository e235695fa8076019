import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { api } from '@/api/client'
import { useAction, useApi } from '@/api/query'
import type { PackageSheet, PackageVersion } from '@/api/schema.gen'
import { href } from '@/app/routes'
import { useRight, useSession } from '@/app/session/session'
import { tellCrumb } from '@/app/shell/Breadcrumbs'
import { useProjects } from '@/app/shell/project'
import { Spark } from '@/chart/Spark'
import { useText } from '@/i18n'
import { bytes, date, num } from '@/i18n/format'
import { Button, Confirm, CopyButton, CopyLine, DataTable, Facts, Loaded, Page, Section, StatusBadge, StatusShape, TextField } from '@/ui'
import './packages.css'
import { Readme } from './Readme'
import { packageText } from './text'

export default function PackagePage() {
  const { name = '' } = useParams()
  const q = useApi('GET /api/spark/packages/{name}', { path: { name } }, { every: 15_000 })
  useEffect(() => tellCrumb(name), [name])
  if (q.data) return <Sheet sheet={q.data} />
  return (
    <Page title={name}>
      <Loaded of={q}>{() => null}</Loaded>
    </Page>
  )
}

const newest = (versions: PackageVersion[]) =>
  versions.find(v => v.is_stable && !v.yanked_at && v.archived_at) ?? versions.find(v => !v.yanked_at && v.archived_at)

function Sheet({ sheet: { package: p, versions, stats } }: { sheet: PackageSheet }) {
  const t = useText(packageText)
  const project = useProjects().find(x => x.id === p.project_id)
  const { me } = useSession()
  const mine = useRight('package:write') && (p.author_id === me?.id || project?.my_role === 'owner' || project?.my_role === 'editor')
  const top = newest(versions)
  return (
    <Page
      title={p.display_name}
      below={
        <>
          {top && <span className="tag">{top.version}</span>}
          {!p.is_public && <span className="tag">{t.private}</span>}
          {p.deprecated && <StatusBadge name="deprecated" tint />}
        </>
      }
      equivalent={{
        cli: [`spark info ${p.name}`, `spark install ${p.name}`, `spark run ${p.name} --name my-${p.name}`],
        api: [`GET /api/spark/packages/${p.name}`, `GET /api/spark/packages/${p.name}/stats?days=30`]
      }}
    >
      {p.deprecated && (
        <p className="callout k-warn">
          <StatusShape kind="warn" />
          <span>
            {p.deprecated}{' '}
            {p.replacement && (
              <>
                ({t.instead}: <Link href={href('package', { name: p.replacement })}>{p.replacement}</Link>)
              </>
            )}
          </span>
        </p>
      )}
      <div className="split">
        <div className="stack wide-gap">
          <p>{p.description ?? t.noDescription}</p>
          <Section title={t.install}>
            <CopyLine text={`spark install ${p.name}\nspark run ${p.name} --name my-${p.name}`} />
          </Section>
          {top && <Readme name={p.name} version={top.version} />}
          <Section title={t.versions} id="versions">
            {versions.length ? <Versions name={p.name} versions={versions} mine={mine} /> : <p className="dim">{t.noVersions}</p>}
          </Section>
        </div>
        <Aside sheet={{ package: p, versions, stats }} project={project?.display_name} mine={mine} />
      </div>
    </Page>
  )
}

function Aside({ sheet: { package: p, stats }, project, mine }: { sheet: PackageSheet; project: string | undefined; mine: boolean }) {
  const t = useText(packageText)
  const days = useApi('GET /api/spark/packages/{name}/stats', { path: { name: p.name }, query: { days: 30 } }).data?.by_day ?? []
  const [asks, ask] = useState(false)
  const [, navigate] = useLocation()
  return (
    <aside className="stack">
      <div className="figures">
        <Figure name={t.downloads} value={stats.downloads} />
        <Figure name={t.installs} value={stats.installations} />
        <Figure name={t.units} value={stats.active_units} />
      </div>
      {days.length > 1 && (
        <div>
          <p className="faint">{t.byDay}</p>
          <Spark values={days.map(d => d.downloads)} width={270} height={44} label={t.byDay} />
        </div>
      )}
      <Facts
        items={[
          [t.author, p.author],
          [t.project, project ?? '—'],
          [t.categoryName, p.category ?? '—'],
          [
            t.repository,
            p.repository ? (
              <a key="r" href={p.repository} rel="noreferrer noopener">
                {p.repository.replace(/^https?:\/\//, '')}
              </a>
            ) : (
              '—'
            )
          ],
          [t.created, date(p.created_at)],
          [t.updated, date(p.updated_at)]
        ]}
      />
      {p.tags.length > 0 && (
        <p className="row">
          {p.tags.map(tag => (
            <Link key={tag} href={`${href('packages')}?tag=${encodeURIComponent(tag)}`} className="tag">
              {tag}
            </Link>
          ))}
        </p>
      )}
      <Link href={`${href('units')}?q=${encodeURIComponent(`package:${p.name} `)}`}>{t.usedBy}</Link>
      {mine && (
        <div>
          <Button look="quiet" onClick={() => ask(true)}>
            {t.remove}
          </Button>
        </div>
      )}
      {asks && (
        <Confirm
          title={t.removeAsk(p.name)}
          action={t.remove}
          danger
          typed={p.name}
          typeLabel={t.removeType}
          onConfirm={async () => {
            await api('DELETE /api/spark/packages/{name}', { path: { name: p.name } })
            navigate(href('packages'))
          }}
          onClose={() => ask(false)}
        >
          {t.removeText}
        </Confirm>
      )}
    </aside>
  )
}

function Figure({ name, value }: { name: string; value: number }) {
  return (
    <div className="big">
      <span className="faint">{name}</span>
      <strong className="num">{num(value)}</strong>
    </div>
  )
}

const stateOf = (v: PackageVersion): string =>
  v.yanked_at ? 'yanked' : !v.archived_at && !v.download_url ? 'uploading' : v.is_stable ? 'stable' : 'preview'

function Versions({ name, versions, mine }: { name: string; versions: PackageVersion[]; mine: boolean }) {
  const t = useText(packageText)
  const [asked, ask] = useState<PackageVersion | null>(null)
  const [reason, setReason] = useState('')
  const yank = useAction('POST /api/spark/packages/{name}/versions/{version}/yank', { stale: ['GET /api/spark/packages/{name}'] })
  const unyank = useAction('POST /api/spark/packages/{name}/versions/{version}/unyank', { stale: ['GET /api/spark/packages/{name}'] })
  return (
    <>
      <DataTable
        label={t.versions}
        rows={versions}
        rowKey={v => v.id}
        columns={[
          { key: 'version', title: t.version, width: '110px', render: v => <strong>{v.version}</strong> },
          {
            key: 'state',
            title: t.state,
            width: '150px',
            render: v => (
              <span title={v.yank_reason ?? ''}>
                <StatusBadge name={stateOf(v)} />
              </span>
            )
          },
          { key: 'published', title: t.published, width: '96px', minor: true, render: v => date(v.created_at) },
          { key: 'size', title: t.size, width: '84px', align: 'end', render: v => bytes(v.size_bytes) },
          {
            key: 'sum',
            title: t.checksum,
            width: '120px',
            from: 660,
            render: v =>
              v.checksum ? (
                <span className="row nowrap">
                  <code className="faint">{v.checksum.slice(0, 8)}</code>
                  <CopyButton text={v.checksum} label={t.checksum} />
                  {v.signature && <StatusBadge name="ok" word={t.signed} />}
                </span>
              ) : (
                '—'
              )
          },
          {
            key: 'changes',
            title: t.changes,
            width: 'minmax(80px, 1fr)',
            from: mine ? 820 : 720,
            render: v => (
              <span className="dim" title={v.changelog ?? ''}>
                {v.changelog ?? ''}
              </span>
            )
          },
          {
            key: 'actions',
            title: '',
            label: t.actions,
            width: mine ? '130px' : '36px',
            align: 'end',
            render: v => (
              <span className="row nowrap end">
                {mine && (
                  <Button look="quiet" onClick={() => (v.yanked_at ? unyank.mutate({ path: { name, version: v.version } }) : ask(v))}>
                    {v.yanked_at ? t.unyank : t.yank}
                  </Button>
                )}
                {v.archived_at && (
                  <a
                    href={`/api/spark/packages/${encodeURIComponent(name)}/versions/${encodeURIComponent(v.version)}/archive`}
                    download
                    aria-label={`${t.download} ${v.version}`}
                    className="icon-link"
                  >
                    <Download size={15} />
                  </a>
                )}
              </span>
            )
          }
        ]}
      />
      {asked && (
        <Confirm
          title={t.yankAsk(asked.version)}
          action={t.yank}
          danger
          onConfirm={() => yank.mutateAsync({ path: { name, version: asked.version }, body: { reason } })}
          onClose={() => ask(null)}
        >
          <p>{t.yankText}</p>
          <TextField
            label={t.yankReason}
            value={reason}
            onChange={e => setReason(e.currentTarget.value)}
            required
            withAsterisk={false}
            maxLength={500}
          />
        </Confirm>
      )}
    </>
  )
}
