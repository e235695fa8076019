import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { Router as Base, Route, Switch, useLocation } from 'wouter'
import { queryClient } from '@/api/query'
import { useLang } from '@/i18n'
import { ErrorCard, Loading, Notices, UiRoot } from '@/ui'
import { CatchErrors } from './errors/CatchErrors'
import { useSession } from './session/session'
import { Shell } from './shell/Shell'

const SignIn = lazy(() => import('@/features/auth/SignIn'))
const JoinPage = lazy(() => import('@/features/auth/JoinPage'))
const ResetPage = lazy(() => import('@/features/auth/ResetPage'))
const SetupPage = lazy(() => import('@/features/auth/SetupPage'))

export function App() {
  useLang() // a new language draws everything again
  useEffect(() => {
    // A new build of the server has other files: one reload fetches them.
    const reload = (e: Event) => {
      if (sessionStorage.getItem('netbit.reloaded') === __BUILD__) return
      e.preventDefault()
      /* A file that is gone means a new build; a server that is away means waiting: loading again would lose the page. */
      fetch('/health', { cache: 'no-store' }).then(
        r => {
          if (!r.ok) return
          sessionStorage.setItem('netbit.reloaded', __BUILD__)
          location.reload()
        },
        () => undefined
      )
    }
    window.addEventListener('vite:preloadError', reload)
    return () => window.removeEventListener('vite:preloadError', reload)
  }, [])
  return (
    <UiRoot>
      <QueryClientProvider client={queryClient}>
        <CatchErrors>
          <Suspense fallback={null}>
            <Switch>
              <Route path="/setup" component={SetupPage} />
              <Route path="/reset" component={ResetPage} />
              <Route path="/join" component={JoinPage} />
              <Route component={Door} />
            </Switch>
          </Suspense>
        </CatchErrors>
        <Notices />
      </QueryClientProvider>
    </UiRoot>
  )
}

/** The application for who is signed in, else the sign-in form, at the same address. */
function Door() {
  const { me, error, retry, ended } = useSession()
  if (me === undefined) return <div className="page">{error ? <ErrorCard error={error} onRetry={() => void retry()} /> : <Loading />}</div>
  if (me === null) return <SignIn ended={ended} />
  return <Scoped />
}

/** Addresses below /p/NAME/ are those of one project. */
function Scoped() {
  const [location] = useLocation()
  const name = /^\/p\/([^/]+)/.exec(location)?.[1]
  return (
    <Base base={name ? `/p/${name}` : ''}>
      <Shell project={name ? decodeURIComponent(name) : null} />
    </Base>
  )
}
