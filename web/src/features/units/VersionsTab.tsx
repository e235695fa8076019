import { useApi } from '@/api/query'
import type { Unit } from '@/api/schema.gen'
import { useText } from '@/i18n'
import { bytes, date } from '@/i18n/format'
import { CopyLine, DataTable, Loaded, StatusBadge } from '@/ui'
import { unitText } from './text'

/** Versions of the unit's package, and which of them runs. */
export function VersionsTab({ unit: u }: { unit: Unit }) {
  const t = useText(unitText)
  const q = useApi('GET /api/spark/packages/{name}', { path: { name: u.package_name } })
  return (
    <Loaded of={q}>
      {sheet => (
        <>
          <CopyLine text={`spark update ${u.package_name} && spark restart ${u.name}`} />
          <DataTable
            label={t.tabs.versions}
            rows={sheet.versions}
            rowKey={v => v.id}
            rowHeight={34}
            columns={[
              { key: 'version', title: t.version, width: '130px', render: v => <strong>{v.version}</strong> },
              {
                key: 'state',
                title: t.state,
                width: '160px',
                render: v =>
                  v.id === u.package_version_id ? (
                    <StatusBadge name="running" word={t.runsNow} />
                  ) : (
                    <StatusBadge name={v.yanked_at ? 'yanked' : v.is_stable ? 'stable' : 'preview'} />
                  )
              },
              { key: 'published', title: t.published, width: '110px', render: v => date(v.created_at) },
              { key: 'size', title: t.size, width: '90px', align: 'end', render: v => bytes(v.size_bytes) },
              {
                key: 'changes',
                title: t.changelog,
                width: 'minmax(120px, 1fr)',
                render: v => (
                  <span className="dim" title={v.changelog ?? ''}>
                    {v.changelog ?? '—'}
                  </span>
                )
              }
            ]}
          />
        </>
      )}
    </Loaded>
  )
}
