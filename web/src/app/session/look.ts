// Language and theme are the person's, on whatever machine they sign in: what they choose goes to their profile, and what stands there is
// applied. Before signing in the browser's own memory holds (ui/look.ts); what is chosen at the door goes to the profile afterwards.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { api } from '@/api/client'
import { problemTitle } from '@/api/problem'
import type { Me } from '@/api/schema.gen'
import { adoptLook, choices, notice, onChoice, takeChoice } from '@/ui'
import { meKey, useSession } from './session'

let saving: Promise<unknown> = Promise.resolve()

export function useKeptLook(): void {
  const { me } = useSession()
  const client = useQueryClient()
  const chosen = useSyncExternalStore(onChoice, choices)
  const id = me?.id
  const lang = me?.lang ?? null
  const theme = me?.theme ?? null
  useEffect(() => {
    if (id === undefined) return
    const choice = takeChoice()
    if (!choice) {
      adoptLook({ lang, theme })
      return
    }
    // An answer that is under way was asked for before the choice.
    void client.cancelQueries({ queryKey: meKey })
    const show = () => void client.setQueryData<Me | null>(meKey, old => old && { ...old, ...choice })
    show()
    saving = saving
      .then(() => api('PATCH /api/v1/me', { body: choice }))
      .then(() => chosen === choices() && show()) // who had asked in between was told of what had been before
      .catch(e => notice('err', problemTitle(e)))
  }, [client, id, lang, theme, chosen])
}
