// Server data in components: useApi reads, useAction changes. Keys of the cache are [operation, input].
import { keepPreviousData, QueryClient, type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, type Input, type Key, type Result } from './client'
import { ApiError } from './problem'

export { keepPreviousData, type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'

const patient = (error: unknown): boolean =>
  error instanceof ApiError && ['offline', 'unavailable', 'timeout', 'internal', 'rate_limited'].includes(error.code)

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      networkMode: 'always', // a LAN without internet is not "offline"
      retry: (count, error) => patient(error) && count < 3,
      retryDelay: (count, error) => Math.max(error instanceof ApiError ? (error.retryAfter ?? 0) : 0, 500 * 2 ** count)
    },
    mutations: { networkMode: 'always', retry: false }
  }
})

type GetKey = Extract<Key, `GET ${string}`>
export type ReadOptions = { enabled?: boolean; every?: number | false; keep?: boolean; staleTime?: number }

/** Reads; every: asks again each so many milliseconds; keep: shows what was there until the new arrives. */
export function useApi<K extends GetKey>(key: K, input: Input<K>, o: ReadOptions = {}): UseQueryResult<Result<K>, ApiError> {
  return useQuery<Result<K>, ApiError>({
    queryKey: [key, input],
    queryFn: ({ signal }) => (api as (k: K, i: Input<K>, o: object) => Promise<Result<K>>)(key, input, { signal }),
    enabled: o.enabled ?? true,
    refetchInterval: o.every ?? false,
    ...(o.staleTime !== undefined ? { staleTime: o.staleTime } : {}),
    ...(o.keep ? { placeholderData: keepPreviousData as never } : {})
  })
}

/** Changes something; afterwards the reads of the given operations are asked again. */
export function useAction<K extends Key>(key: K, o: { stale?: GetKey[]; done?: (result: Result<K>, input: Input<K>) => void } = {}) {
  const client = useQueryClient()
  return useMutation<Result<K>, ApiError, Input<K>>({
    mutationFn: input => (api as (k: K, i: Input<K>) => Promise<Result<K>>)(key, input),
    onSuccess: async (result, input) => {
      await Promise.all((o.stale ?? []).map(k => client.invalidateQueries({ queryKey: [k] })))
      o.done?.(result, input)
    }
  })
}
