// The texts are made in C; a text that changed there and not here would be English among Russian without anybody noticing.
// @ts-expect-error the page's configuration has no types of Node; the tests run in it
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import type { TelemetryRow } from '@/api/schema.gen'
import { setPresentLang } from '@/i18n'
import { eventText, patterns, reasonText } from './said'

const root = new URL('../../../../src/', import.meta.url)
const sources = ['agent', 'feature/unit']
  .flatMap(folder => readdirSync(new URL(`${folder}/`, root)).map((f: string) => `${folder}/${f}`))
  .filter(f => /\.[ch]$/.test(f) && !f.includes('_test'))
  .map(f => readFileSync(new URL(f, root), 'utf8'))
  .join('\n')
  .replace(/"\s*\n\s*"/g, '')

/** The plain words of a pattern: "; starting again after " and " ms". */
const words = (p: RegExp) =>
  p.source
    .replace(/\(\?:|\(\[[^)]*\)|\((?:\\.|[^()\\])*\)\??|[$^]/g, '\0')
    .replace(/\\(.)/g, '$1')
    .split('\0')
    .map(w => w.replace(/^\W+|\W+$/g, ''))
    .filter(w => /[a-z]{3}/.test(w))

test('each pattern stands in the sources that make the texts', () => {
  expect(sources.length).toBeGreaterThan(100_000)
  for (const p of patterns) for (const w of words(p)) expect(sources.includes(w), `${p}: "${w}"`).toBe(true)
})

afterEach(() => setPresentLang('en'))

const row = (message: string, data: object | null = null) => ({ message, data }) as unknown as TelemetryRow

test('in Russian what agents say is Russian, in English it is as it came', () => {
  expect(reasonText('exit 3')).toBe('exit 3')
  expect(eventText(row('status', { status: 'failed', reason: 'lost' }))).toBe('failed: lost')
  setPresentLang('ru')
  expect(reasonText('exit 3; restarted 5 times, giving up')).toBe('код выхода 3; перезапущен 5 раз, больше не пробуем')
  expect(eventText(row('exit 3; starting again after 250 ms'))).toBe('код выхода 3; запускается снова через 250\u00a0мс')
  expect(eventText(row('failed: killed by signal 9 (KILL)'))).toBe('сбой: снят сигналом KILL (9)')
  expect(eventText(row('started with pid 77'))).toBe('запущен, процесс 77')
  expect(eventText(row('status', { status: 'failed', reason: 'lost' }))).toBe('сбой: от машины нет вестей')
  expect(eventText(row('epoch 3 trained'))).toBe('epoch 3 trained')
})
