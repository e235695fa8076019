// Who is signed in: the answer of /api/v1/me. The session itself is a cookie that scripts cannot read.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, whenSignedOut } from '@/api/client'
import { ApiError } from '@/api/problem'
import { queryClient } from '@/api/query'
import type { Me } from '@/api/schema.gen'

export const meKey = ['GET /api/v1/me', {}]
let hadSession = false

async function whoAmI(): Promise<Me | null> {
  try {
    const me = await api('GET /api/v1/me')
    hadSession = true
    return me
  } catch (e) {
    if (e instanceof ApiError && e.code === 'unauthenticated') return null
    throw e
  }
}

whenSignedOut(() => {
  // The page stays where it is; the sign-in form stands over it, and afterwards everything goes on.
  if (queryClient.getQueryData(meKey)) queryClient.setQueryData(meKey, null)
})

/** me: null when nobody is signed in, undefined when it is not known yet. */
export function useSession() {
  const q = useQuery<Me | null, ApiError>({ queryKey: meKey, queryFn: whoAmI, staleTime: 60_000 })
  return { me: q.data, error: q.error, retry: q.refetch, ended: q.data === null && hadSession }
}

export function useSessionActions() {
  const client = useQueryClient()
  return useMemo(
    () => ({
      /** After signing in: asks again who one is, and everything else anew. */
      entered: async () => {
        await client.fetchQuery({ queryKey: meKey, queryFn: whoAmI, staleTime: 0 })
        await client.invalidateQueries({ predicate: q => q.queryKey[0] !== meKey[0] })
      },
      leave: async () => {
        try {
          await api('POST /api/v1/auth/logout', { body: {} })
        } catch (e) {
          if (!(e instanceof ApiError) || e.code !== 'unauthenticated') throw e // over already is what was wanted
        }
        hadSession = false
        client.clear()
        client.setQueryData(meKey, null)
      }
    }),
    [client]
  )
}

export const hasRight = (me: Me | null | undefined, right: string): boolean => (me?.rights ?? '').split(/[\s,]+/).includes(right)

/** Whether who is signed in may do what needs the right. */
export function useRight(right: string): boolean {
  return hasRight(useSession().me, right)
}
