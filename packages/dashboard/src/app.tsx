/** The pages by their addresses. Those that are looked at less often come when they are first asked for. */
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { ErrorBoundary, lazy, LocationProvider, Route, Router } from 'preact-iso'
import { session } from './live/session.ts'
import { Overview } from './pages/overview/overview.tsx'
import { Rollout } from './pages/rollout/rollout.tsx'
import { Run } from './pages/run/run.tsx'
import { Runs } from './pages/run/runs.tsx'
import { Rollouts } from './pages/rollout/rollouts.tsx'
import { Missing } from './pages/missing.tsx'
import { Shell } from './shell.tsx'
import { Shortcuts } from './shortcuts.tsx'

const Releases = lazy(() => import('./pages/release/releases.tsx').then(({ Releases }) => Releases))
const Release = lazy(() => import('./pages/release/release.tsx').then(({ Release }) => Release))
const Environments = lazy(() => import('./pages/environment/environments.tsx').then((page) => page.Environments))
const Environment = lazy(() => import('./pages/environment/environment.tsx').then((page) => page.Environment))
const Service = lazy(() => import('./pages/service/service.tsx').then((page) => page.Service))
const Approvals = lazy(() => import('./pages/other/approvals.tsx').then((page) => page.Approvals))
const Incidents = lazy(() => import('./pages/other/incidents.tsx').then((page) => page.Incidents))
const Incident = lazy(() => import('./pages/other/incidents.tsx').then((page) => page.Incident))
const Dora = lazy(() => import('./pages/other/dora.tsx').then((page) => page.Dora))
const Notifications = lazy(() => import('./pages/other/notifications.tsx').then((page) => page.Notifications))
const Settings = lazy(() => import('./pages/other/settings.tsx').then((page) => page.Settings))
const System = lazy(() => import('./pages/other/system.tsx').then((page) => page.System))
const Ledger = lazy(() => import('./pages/ledger/ledger.tsx').then((page) => page.Ledger))

/** After a change of page the reader's place is its heading. */
const arrived = (): void => {
  window.scrollTo(0, 0)
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
}

/** The dashboard. */
export const App = (): VNode | null => {
  useEffect(() => {
    if (session.value !== null) document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
  }, [session.value === null])
  if (session.value === null) return null
  return (
    <LocationProvider>
      <Shortcuts />
      <Shell>
        <ErrorBoundary>
          <Router onRouteChange={() => window.setTimeout(arrived)}>
            <Route path="/" component={Overview} />
            <Route path="/services/:service" component={Service} />
            <Route path="/runs" component={Runs} />
            <Route path="/runs/:run" component={Run} />
            <Route path="/rollouts" component={Rollouts} />
            <Route path="/rollouts/:rollout" component={Rollout} />
            <Route path="/releases" component={Releases} />
            <Route path="/releases/:release" component={Release} />
            <Route path="/environments" component={Environments} />
            <Route path="/environments/:environment" component={Environment} />
            <Route path="/approvals" component={Approvals} />
            <Route path="/incidents" component={Incidents} />
            <Route path="/incidents/:incident" component={Incident} />
            <Route path="/dora" component={Dora} />
            <Route path="/ledger" component={Ledger} />
            <Route path="/notifications" component={Notifications} />
            <Route path="/settings" component={Settings} />
            <Route path="/system" component={System} />
            <Route default component={Missing} />
          </Router>
        </ErrorBoundary>
      </Shell>
    </LocationProvider>
  )
}
