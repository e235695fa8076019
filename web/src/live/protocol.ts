/* Control messages of the live channel (docs/live-protocol.md): JSON texts beside the binary frames. */

export const SUBPROTOCOL = 'live.v1'
/** A channel may have this much unacknowledged; the client acknowledges well before. */
export const CREDIT_FRAMES = 64
export const CREDIT_BYTES = 1 << 20
export const ACK_FRAMES = CREDIT_FRAMES / 4
export const ACK_BYTES = CREDIT_BYTES / 4

export interface SubParams {
  /** Seconds of the past that are wanted first (series). */
  window?: number
  /** Columns of the screen: the past may come thinned to them (series). */
  px?: number
  /** Frames a second that are enough (series). */
  maxHz?: number
}

export type Outgoing =
  | ({ op: 'sub'; id: number; topic: string; from?: { epoch: string | number; seq: number } } & SubParams)
  | { op: 'unsub'; chan: number }
  | { op: 'pause'; chan: number }
  | { op: 'resume'; chan: number }
  | { op: 'ack'; chan: number; seq: number }

export type Incoming =
  | { op: 'hello'; t: number; build?: string; epoch?: string | number }
  | { op: 'sub.ok'; id: number; chan: number; epoch: string | number; seq?: number; schema?: unknown }
  | { op: 'snap'; chan: number; seq?: number; data: unknown }
  | { op: 'evt'; chan: number; seq: number; rev?: number; key?: string | null; data: unknown }
  | { op: 'gap'; chan: number; seq?: number; dropped?: number }
  | { op: 'resync'; chan: number; epoch?: string | number; seq?: number }
  | { op: 'err'; id?: number; chan?: number; code: string; detail?: string }
  | { op: 'hb'; t: number }

const fields: Record<Incoming['op'], Record<string, 'number' | 'string'>> = {
  hello: { t: 'number' },
  'sub.ok': { id: 'number', chan: 'number' },
  snap: { chan: 'number' },
  evt: { chan: 'number', seq: 'number' },
  gap: { chan: 'number' },
  resync: { chan: 'number' },
  err: { code: 'string' },
  hb: { t: 'number' }
}

/** A message of the server, or null when it is not one that this client knows (a newer server's). */
export function parseIncoming(text: string): Incoming | null {
  let j: unknown
  try {
    j = JSON.parse(text)
  } catch {
    return null
  }
  if (!j || typeof j !== 'object') return null
  const o = j as Record<string, unknown>
  const want = typeof o.op === 'string' && Object.hasOwn(fields, o.op) ? fields[o.op as Incoming['op']] : null
  if (!want) return null
  for (const [name, type] of Object.entries(want)) if (typeof o[name] !== type) return null
  return o as unknown as Incoming
}

/** Seconds until the next try: 0.25 doubled up to 10, with jitter, so that all tabs do not come at once. */
export function backoff(attempt: number, random: number): number {
  const full = Math.min(10, 0.25 * 2 ** Math.min(attempt, 10))
  return full * (0.5 + random / 2)
}
