import { describe, expect, test } from 'vitest'
import { DAY, formatSpan, HOUR, MINUTE, pan, parseMoment, parseSpan, readView, SECOND, writeView, zoom } from './time'

const NOW = 1_763_730_000_000_000

describe('grammar of time', () => {
  test('spans there and back', () => {
    for (const s of ['1s', '90s', '15m', '6h', '24h', '7d', '2w', '0.25s']) {
      const us = parseSpan(s)
      expect(us).not.toBeNull()
      expect(parseSpan(formatSpan(us ?? 0))).toBe(us)
    }
    expect(formatSpan(15 * MINUTE)).toBe('15m')
    expect(formatSpan(90 * SECOND)).toBe('90s')
    expect(formatSpan(DAY)).toBe('1d')
    for (const bad of ['', '15', 'm', '-5m', '0m', '1y', '1e9h', '15m ']) expect(parseSpan(bad)).toBeNull()
  })

  test('moments', () => {
    expect(parseMoment('now', NOW)).toBe(NOW)
    expect(parseMoment('now-1h', NOW)).toBe(NOW - HOUR)
    expect(parseMoment('2025-11-21T13:00:00Z', NOW)).toBe(NOW)
    expect(parseMoment(String(NOW / 1000), NOW)).toBe(NOW)
    for (const bad of ['', 'yesterday', 'now+1h', 'now-', '2025-99-99T00:00:00Z', 'alert(1)']) expect(parseMoment(bad, NOW)).toBeNull()
  })

  test('views of an address', () => {
    expect(readView({ from: 'now-5m', to: 'now', live: '1' }, NOW)).toEqual({ live: true, span: 5 * MINUTE })
    expect(readView({}, NOW)).toEqual({ live: true, span: 15 * MINUTE })
    expect(readView({ from: 'now-5m', live: '0' }, NOW)).toEqual({ live: false, from: NOW - 5 * MINUTE, to: NOW })
    expect(readView({ from: 'x', to: 'y' }, NOW)).toEqual({ live: true, span: 15 * MINUTE })
    expect(readView({ from: '5000', to: '4000' }, NOW)).toEqual({ live: true, span: 15 * MINUTE })
    const fixed = { live: false, from: NOW - HOUR, to: NOW } as const
    expect(readView(writeView(fixed), NOW + DAY)).toEqual(fixed)
    expect(readView(writeView({ live: true, span: HOUR }), NOW)).toEqual({ live: true, span: HOUR })
  })

  test('zoom keeps the middle, pan stands still', () => {
    expect(zoom({ live: false, from: 100_000, to: 200_000 }, 2)).toEqual({ live: false, from: 50_000, to: 250_000 })
    expect(zoom({ live: true, span: HOUR }, 0.5)).toEqual({ live: true, span: HOUR / 2 })
    expect(pan({ live: true, span: HOUR }, -0.5, NOW)).toEqual({ live: false, from: NOW - 1.5 * HOUR, to: NOW - 0.5 * HOUR })
  })
})
