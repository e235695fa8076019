// Requests by the keys of the generated table: api('GET /api/spark/units/{unit_id}', { path: { unit_id } }).
import { randomId } from '@/lib/id'
import { ApiError } from './problem'
import type { Api, Problem } from './schema.gen'

export type Key = keyof Api
export type Input<K extends Key> = Api[K]['input']
export type Result<K extends Key> = Api[K]['result']
type Loose = { path?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown }
export type Options = {
  signal?: AbortSignal | undefined
  /** The same key for every try of one intent: the server does it once. POST makes one by itself. */
  idempotencyKey?: string
}

/** Told when the server no longer knows who asks. */
let onSignedOut: () => void = () => {}
export const whenSignedOut = (fn: () => void): void => {
  onSignedOut = fn
}

export function url(key: string, input: Loose): string {
  const path = key
    .slice(key.indexOf(' ') + 1)
    .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input.path?.[name] ?? '')))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {}))
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

async function failure(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get('Retry-After'))
  let problem: Partial<Problem> = {}
  try {
    problem = (await response.json()) as Partial<Problem>
  } catch {
    // a proxy's page, or nothing: the status says what is known
  }
  return new ApiError(response.status, problem, wait > 0 ? wait * 1000 : undefined)
}

async function send(method: string, address: string, input: Loose, options: Options): Promise<Response> {
  const headers: Record<string, string> = { 'X-Requested-By': 'netbit', Accept: 'application/json' }
  const blob = input.body instanceof Blob
  if (input.body !== undefined) headers['Content-Type'] = blob ? 'application/octet-stream' : 'application/json'
  if (method === 'POST') headers['Idempotency-Key'] = options.idempotencyKey ?? randomId()
  const body = input.body === undefined ? null : blob ? (input.body as Blob) : JSON.stringify(input.body)
  try {
    return await fetch(address, { method, headers, body, credentials: 'same-origin', cache: 'no-cache', signal: options.signal ?? null })
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
    throw new ApiError(0, { code: undefined, detail: '' })
  }
}

export async function api<K extends Key>(
  key: K,
  ...rest: Input<K> extends Record<string, never> ? [input?: undefined, options?: Options] : [input: Input<K>, options?: Options]
): Promise<Result<K>> {
  const [input = {}, options = {}] = rest as [Loose?, Options?]
  const method = key.slice(0, key.indexOf(' '))
  const response = await send(method, url(key, input), input, options)
  if (!response.ok) {
    const error = await failure(response)
    if (error.code === 'unauthenticated' && !key.includes('/auth/')) onSignedOut()
    throw error
  }
  if (response.status === 204) return undefined as Result<K>
  const json = (response.headers.get('Content-Type') ?? '').startsWith('application/json')
  return (json ? await response.json() : await response.blob()) as Result<K>
}
