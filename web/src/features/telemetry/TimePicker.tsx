/* Which time is shown: the newest span, or a range. */
import { useState } from 'react'
import { formatSpan, parseSpan, readView, spans, type TimeView, writeView } from '@/chart'
import { useText } from '@/i18n'
import { span as spanText } from '@/i18n/format'
import { live } from '@/live'
import { Button, Popover, Select, TextField } from '@/ui'
import { telemetryText } from './text'

const now = () => live.now() * 1000

export function TimePicker({ view, onView }: { view: TimeView; onView: (v: TimeView) => void }) {
  const t = useText(telemetryText)
  const span = view.live ? formatSpan(view.span) : ''
  const options = spans as readonly string[]
  const shown = span && !options.includes(span) ? [...options, span] : options
  return (
    <>
      <Select
        aria-label={t.time}
        value={span}
        onChange={e => {
          const us = parseSpan(e.currentTarget.value)
          if (us) onView({ live: true, span: us })
        }}
        data={[
          ...(view.live ? [] : [{ value: '', label: t.fixed }]),
          ...shown.map(s => ({ value: s, label: t.lastSpan(spanText((parseSpan(s) ?? 0) / 1e6)) }))
        ]}
      />
      <RangeButton view={view} onView={onView} />
    </>
  )
}

function iso(us: number): string {
  return new Date(us / 1000).toISOString()
}

function RangeButton({ view, onView }: { view: TimeView; onView: (v: TimeView) => void }) {
  const t = useText(telemetryText)
  const [open, setOpen] = useState(false)
  const [bad, setBad] = useState(false)
  const w = writeView(view)
  const submit = (f: FormData) => {
    const from = String(f.get('from')).trim()
    const to = String(f.get('to')).trim()
    const got = readView({ from, to, live: '0' }, now())
    if (got.live) {
      setBad(true)
      return
    }
    setBad(false)
    setOpen(false)
    onView(got)
  }
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={300} trapFocus>
      <Popover.Target>
        <Button aria-expanded={open} onClick={() => setOpen(!open)}>
          {t.pickRange}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="stack"
          onSubmit={e => {
            e.preventDefault()
            submit(new FormData(e.currentTarget))
          }}
        >
          <TextField
            name="from"
            label={t.from}
            defaultValue={view.live ? w.from : iso(view.from)}
            error={bad ? t.badRange : undefined}
            data-autofocus
          />
          <TextField name="to" label={t.to} defaultValue={view.live ? w.to : iso(view.to)} />
          <Button type="submit" look="primary">
            {t.apply}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
