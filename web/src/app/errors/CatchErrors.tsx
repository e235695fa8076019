import { Component, type ReactNode } from 'react'
import { text } from '@/i18n'
import { copyText } from '@/lib/clipboard'
import { Button } from '@/ui'
import { errorText } from './text'

type State = { error: unknown }

/** What a page throws stays in its place: the rest of the application works on. */
export class CatchErrors extends Component<{ children: ReactNode; resetKey?: string }, State> {
  override state: State = { error: undefined }

  static getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override componentDidUpdate(before: { resetKey?: string }) {
    if (this.state.error !== undefined && before.resetKey !== this.props.resetKey) this.setState({ error: undefined })
  }

  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    const t = text(errorText)
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return (
      <div className="page">
        <section className="error-card" role="alert">
          <h1>{t.broken}</h1>
          <p>{t.brokenLead}</p>
          <pre className="dim cut">{error instanceof Error ? error.message : String(error)}</pre>
          <div className="row">
            <Button look="primary" onClick={() => location.reload()}>
              {t.reload}
            </Button>
            <Button look="quiet" onClick={() => void copyText(`${location.href}\n${what}`)}>
              {t.copy}
            </Button>
          </div>
        </section>
      </div>
    )
  }
}
