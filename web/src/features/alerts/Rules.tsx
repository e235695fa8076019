import { useState } from 'react'
import { api, type Input } from '@/api/client'
import { problemTitle } from '@/api/problem'
import { useApi, useQueryClient } from '@/api/query'
import type { AlertRule } from '@/api/schema.gen'
import { useParam } from '@/app/search'
import { useRight } from '@/app/session/session'
import { useProjects } from '@/app/shell/project'
import { useText } from '@/i18n'
import { num, span } from '@/i18n/format'
import {
  Button,
  Confirm,
  DataTable,
  Dialog,
  FormError,
  Loaded,
  notice,
  Select,
  StatusBadge,
  Submit,
  Switch,
  TextField,
  useForm,
  value
} from '@/ui'
import { ruleName } from './parts'
import { alertText } from './text'

const kinds = ['above', 'below', 'absent', 'unit_failed', 'unit_memory', 'unit_cpu'] as const
type Kind = (typeof kinds)[number]
const ofSeries = (k: Kind): boolean => k === 'above' || k === 'below' || k === 'absent'
const hasThreshold = (k: Kind): boolean => k !== 'absent' && k !== 'unit_failed'
const severities = ['info', 'warning', 'critical'] as const
type Body = Input<'POST /api/v1/alert-rules'>['body']

/** "room=lab, unit=x" -> labels. */
export function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(/[\s,]+/)
      .map(p => /^([^=]+)=(.*)$/.exec(p))
      .filter(m => m !== null)
      .map(m => [m[1] as string, (m[2] as string).replace(/^"|"$/g, '')])
  )
}

const labelText = (labels: Record<string, unknown> = {}): string =>
  Object.entries(labels)
    .map(([k, v]) => `${k}=${v}`)
    .join(' ')

/** A decimal comma is as good as a point. */
const decimal = (text: string | undefined): number => Number((text ?? '').replace(/[\s\u00a0\u202f]/g, '').replace(',', '.')) || 0

export function Rules() {
  const t = useText(alertText)
  const client = useQueryClient()
  const may = useRight('alert:write')
  const projects = useProjects()
  const q = useApi('GET /api/v1/alert-rules', {})
  const [edited, edit] = useParam('rule')
  const [dropped, drop] = useState<AlertRule | null>(null)
  const again = () => client.invalidateQueries({ queryKey: ['GET /api/v1/alert-rules'] })
  const toggle = (r: AlertRule) =>
    api('PUT /api/v1/alert-rules/{id}', { path: { id: r.id }, body: { ...bodyOf(r), enabled: !r.enabled } }).then(again, e =>
      notice('err', problemTitle(e))
    )
  return (
    <>
      {may && (
        <div>
          <Button look="primary" onClick={() => edit('new', 'push')}>
            {t.newRule}
          </Button>
        </div>
      )}
      <Loaded of={q}>
        {({ rules }) => (
          <>
            <DataTable
              label={t.tabs.rules}
              rows={rules}
              rowKey={r => r.id}
              rowHeight={42}
              columns={[
                {
                  key: 'on',
                  title: t.enabled,
                  width: '64px',
                  render: r => (
                    <Switch
                      size="xs"
                      aria-label={`${t.enabled}: ${nameOf(r)}`}
                      checked={r.enabled}
                      disabled={!may}
                      onChange={() => void toggle(r)}
                    />
                  )
                },
                {
                  key: 'name',
                  title: t.name,
                  width: 'minmax(150px, 2.4fr)',
                  render: r => (
                    <button type="button" className="link cut" title={nameOf(r)} onClick={() => edit(String(r.id), 'push')}>
                      {nameOf(r)}
                    </button>
                  )
                },
                {
                  key: 'kind',
                  title: t.kind,
                  width: 'minmax(150px, 1.6fr)',
                  minor: true,
                  render: r => (
                    <span title={`${t.kinds[r.kind]} ${r.series ?? ''}`}>
                      {t.kinds[r.kind]} {r.series && <code>{r.series}</code>}{' '}
                      {hasThreshold(r.kind) && num(r.threshold ?? 0, Number.isInteger(r.threshold ?? 0) ? 0 : 2)}
                    </span>
                  )
                },
                {
                  key: 'labels',
                  title: t.labels,
                  width: 'minmax(80px, 0.6fr)',
                  from: 1100,
                  render: r => <code className="faint">{labelText(r.labels)}</code>
                },
                { key: 'for', title: t.forShort, width: '84px', from: 960, render: r => span(r.for_s) },
                {
                  key: 'severity',
                  title: t.severity,
                  width: '126px',
                  minor: true,
                  render: r => <StatusBadge name={r.severity ?? 'warning'} word={t.severities[r.severity ?? 'warning']} />
                },
                {
                  key: 'where',
                  title: t.project,
                  width: '120px',
                  from: 860,
                  render: r => <span className="dim">{projects.find(p => p.id === r.project_id)?.display_name ?? t.mine}</span>
                },
                {
                  key: 'actions',
                  title: '',
                  label: t.actions,
                  width: '96px',
                  align: 'end',
                  render: r =>
                    r.builtin ? (
                      <span className="tag">{t.builtin}</span>
                    ) : may ? (
                      <Button look="quiet" onClick={() => drop(r)}>
                        {t.remove}
                      </Button>
                    ) : null
                }
              ]}
            />
            {edited && (
              <RuleForm
                key={edited}
                rule={rules.find(r => String(r.id) === edited)}
                onDone={() => void again()}
                onClose={() => edit('', 'push')}
              />
            )}
          </>
        )}
      </Loaded>
      {dropped && (
        <Confirm
          title={t.removeRule(nameOf(dropped))}
          action={t.remove}
          danger
          onConfirm={() => api('DELETE /api/v1/alert-rules/{id}', { path: { id: dropped.id } }).then(again)}
          onClose={() => drop(null)}
        >
          {t.removeRuleText}
        </Confirm>
      )}
    </>
  )
}

const nameOf = (r: AlertRule): string => ruleName(r.name, r.name_ru)
/** What was not changed is not a new name, in whatever language it stood there. */
const named = (r: AlertRule | undefined, text: string): string => (r && text === nameOf(r) ? r.name : text)

const bodyOf = (r: AlertRule): Body => ({
  project_id: r.project_id,
  name: r.name,
  kind: r.kind,
  severity: r.severity,
  enabled: r.enabled,
  series: r.series,
  labels: r.labels as Record<string, string>,
  threshold: r.threshold,
  hysteresis: r.hysteresis,
  for_s: r.for_s,
  channels: r.channels
})

function RuleForm({ rule, onDone, onClose }: { rule: AlertRule | undefined; onDone: () => void; onClose: () => void }) {
  const t = useText(alertText)
  const projects = useProjects()
  const [kind, setKind] = useState<Kind>(rule?.kind ?? 'above')
  const form = useForm(
    async data => {
      const project = value(data, 'project_id')
      const body: Body = {
        ...(rule ? bodyOf(rule) : {}),
        name: named(rule, value(data, 'name') ?? ''),
        kind,
        severity: value(data, 'severity') as Body['severity'] & string,
        series: ofSeries(kind) ? (value(data, 'series') ?? null) : null,
        labels: parseLabels(value(data, 'labels') ?? ''),
        threshold: decimal(value(data, 'threshold')),
        hysteresis: decimal(value(data, 'hysteresis')),
        for_s: Math.round(decimal(value(data, 'for_s'))),
        project_id: project ? Number(project) : null
      }
      if (rule) await api('PUT /api/v1/alert-rules/{id}', { path: { id: rule.id }, body })
      else await api('POST /api/v1/alert-rules', { body })
      onDone()
      onClose()
    },
    ['name', 'kind', 'severity', 'series', 'labels', 'threshold', 'hysteresis', 'for_s', 'project_id']
  )
  return (
    <Dialog title={rule ? t.editRule : t.newRule} onClose={onClose}>
      <form onSubmit={form.onSubmit} className="stack">
        <TextField
          name="name"
          label={t.name}
          defaultValue={rule ? nameOf(rule) : ''}
          required
          withAsterisk={false}
          error={form.at('name')}
        />
        <Select
          name="kind"
          label={t.kind}
          value={kind}
          disabled={rule?.builtin ?? false}
          onChange={e => setKind(e.currentTarget.value as Kind)}
          data={kinds.map(k => ({ value: k, label: t.kinds[k] }))}
        />
        {ofSeries(kind) && (
          <TextField
            name="series"
            label={t.series}
            description={t.seriesHint}
            defaultValue={rule?.series ?? ''}
            required
            withAsterisk={false}
            spellCheck={false}
            error={form.at('series')}
          />
        )}
        <TextField
          name="labels"
          label={t.labels}
          description={t.labelsHint}
          defaultValue={rule ? labelText(rule.labels) : ''}
          spellCheck={false}
          error={form.at('labels')}
        />
        {hasThreshold(kind) && (
          <div className="row">
            <TextField
              name="threshold"
              label={t.threshold}
              inputMode="decimal"
              defaultValue={rule ? String(rule.threshold ?? 0) : kind === 'unit_memory' ? '90' : '80'}
              required
              withAsterisk={false}
              error={form.at('threshold')}
            />
            <TextField
              name="hysteresis"
              label={t.hysteresis}
              inputMode="decimal"
              defaultValue={rule ? String(rule.hysteresis ?? 0) : '0'}
              error={form.at('hysteresis')}
            />
          </div>
        )}
        <div className="row">
          <TextField
            name="for_s"
            label={t.forS}
            inputMode="numeric"
            defaultValue={rule ? String(rule.for_s ?? 0) : '60'}
            error={form.at('for_s')}
          />
          <Select
            name="severity"
            label={t.severity}
            defaultValue={rule?.severity ?? 'warning'}
            data={severities.map(s => ({ value: s, label: t.severities[s] }))}
          />
        </div>
        <Select
          name="project_id"
          label={t.project}
          defaultValue={String(rule?.project_id ?? '')}
          data={[{ value: '', label: t.mine }, ...projects.map(p => ({ value: String(p.id), label: p.display_name }))]}
        />
        <FormError form={form} />
        <div className="row end">
          <Button onClick={onClose}>{t.cancel}</Button>
          <Submit form={form}>{rule ? t.save : t.create}</Submit>
        </div>
      </form>
    </Dialog>
  )
}
