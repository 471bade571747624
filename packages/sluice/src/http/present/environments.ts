/** Environments as the API tells them. */
import type { MaintenanceState } from '../../core/maintenance.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import type { ReleaseId } from '../../core/model.ts'
import type { Pin } from '../../core/promotion.ts'
import { maintenanceView } from './maintenance.ts'
import type { EnvironmentView, QueueEntryView } from '../client/environment-views.ts'
import type { ObservedView, RolloutView } from '../client/views.ts'
import { brokenGlassView } from './governance.ts'
import { refOf, type Known } from './releases.ts'

/** Settled rollouts shown with an environment. */
const historyShown = 10

/** What an environment's answer is made of besides its state. */
export type Surroundings = {
  readonly after: string | null
  readonly live: RolloutView | null
  readonly maintenance: MaintenanceState
  readonly observed: ObservedView
  readonly known: Known
  /** Epoch ms. */
  readonly now: number
}

/** The releases that an environment's answer names. */
export const releasesNamed = (state: EnvironmentState): readonly ReleaseId[] => [
  ...[state.serving, state.previous].filter((id) => id !== null),
  ...state.approvals.map(({ release }) => release),
  ...(state.rejections ?? []).map(({ release }) => release),
  ...(state.brokenGlass ?? []).slice(0, historyShown).map(({ release }) => release),
  ...(state.verification === undefined ? [] : [state.verification.release]),
  ...(state.queue ?? []).map(({ release }) => release),
  ...(state.pin === undefined ? [] : [state.pin.release]),
  ...state.history.slice(0, historyShown).map(({ release }) => release),
]

/** An environment as it stands. */
export const environmentView = (
  state: EnvironmentState,
  { after, live, maintenance, observed, known, now }: Surroundings,
): EnvironmentView => {
  const shown = maintenanceView(maintenance)
  return {
    service: state.service,
    name: state.environment,
    after,
    serving: servingView(state, known),
    previous: state.previous === null ? null : refOf(state.previous, known),
    live,
    // One that has run out is kept until somebody says something else, and locks nothing.
    lock: state.lock === null || (state.lock.until !== null && state.lock.until <= now) ? null : state.lock,
    freezes: state.freezes.map(({ from, until, reason, by }) => ({ from, until, reason, by: by.name })),
    approvals: state.approvals.map(({ release, by, at }) => ({ release: refOf(release, known), by, at })),
    rejections: (state.rejections ?? []).map((one) => ({ ...one, release: refOf(one.release, known) })),
    brokenGlass: (state.brokenGlass ?? []).slice(0, historyShown).map((one) => brokenGlassView(one, known)),
    ...(shown && { maintenance: shown }),
    observed,
    verification:
      state.verification === undefined
        ? null
        : { ...state.verification, release: refOf(state.verification.release, known) },
    history: state.history
      .slice(0, historyShown)
      .map(({ rollout, release, outcome, at }) => ({ rollout, release: refOf(release, known), outcome, at })),
    queue: queueViews(state, known),
    soak: soakView(state),
    pin: state.pin === undefined ? null : pinView(state.pin, known),
  }
}

const pinView = ({ release, by, at }: Pin, known: Known): EnvironmentView['pin'] => ({
  release: refOf(release, known),
  by,
  at,
})

/** What waits for an environment, in order. */
export const queueViews = ({ queue = [] }: EnvironmentState, known: Known): readonly QueueEntryView[] =>
  queue.map(({ id, release, purpose, by, at, reason, hotfix = null, waits }) => ({
    id,
    release: refOf(release, known),
    purpose,
    by,
    at,
    reason,
    hotfix,
    waits: waits === undefined ? null : { detail: waits.detail, lookAt: waits.lookAt },
  }))

const soakView = ({ soaks = [], serving }: EnvironmentState): EnvironmentView['soak'] => {
  const soak = soaks.find(({ release }) => release === serving)
  return soak === undefined ? null : { servedMs: soak.servedMs, soakMs: soak.onward.soakMs }
}

const servingView = ({ serving, servingSince }: EnvironmentState, known: Known): EnvironmentView['serving'] => {
  const release = serving === null ? undefined : known.get(serving)
  if (release === undefined) return null
  return { ...refOf(release.id, known), commit: release.content.commit, since: servingSince ?? release.cutAt }
}
