// Forms: what the server says of a field stands at the field, the rest above the button.
import { type FormEvent, type ReactNode, useState } from 'react'
import { type ApiError, asApiError, problemTitle } from '@/api/problem'
import { Button } from './controls'

export function useForm(submit: (data: FormData) => Promise<unknown>, fields: string[] = []) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError>()
  const onSubmit = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const form = e.currentTarget
    setBusy(true)
    setError(undefined)
    try {
      await submit(new FormData(form))
    } catch (x) {
      const problem = asApiError(x)
      setError(problem)
      form.querySelector<HTMLElement>(`[name="${CSS.escape(problem.field ?? '')}"]`)?.focus()
    } finally {
      setBusy(false)
    }
  }
  const atField = error?.field && fields.includes(error.field)
  return {
    busy,
    error,
    clear: () => setError(undefined),
    onSubmit,
    /** What stands at a field. */
    at: (name: string): ReactNode => (error?.field === name ? error.detail || problemTitle(error) : undefined),
    /** What belongs to no field of the form. */
    rest: error && !atField ? error : undefined
  }
}

export type FormState = ReturnType<typeof useForm>

export function FormError({ form }: { form: FormState }) {
  if (!form.rest) return null
  return (
    <p className="error-line" role="alert">
      {problemTitle(form.rest)}
      {form.rest.detail && `: ${form.rest.detail}`}
    </p>
  )
}

export function Submit({ form, children, full = false }: { form: FormState; children: ReactNode; full?: boolean }) {
  return (
    <Button type="submit" look="primary" loading={form.busy} fullWidth={full}>
      {children}
    </Button>
  )
}

/** A text of the form, without the blanks around it; absent when empty. */
export function value(data: FormData, name: string): string | undefined {
  return String(data.get(name) ?? '').trim() || undefined
}
