/** Incidents, watches and drills as the API tells them. */
import type { DrillLeg, DrillState } from '../../core/drill/types.ts'
import type { IncidentState } from '../../core/incident.ts'
import { unreachable } from '../../core/machine.ts'
import type { WatchState } from '../../core/watch/types.ts'
import type { DrillLegView, DrillView, IncidentView, WatchView } from '../client/rollback-views.ts'
import { spanOf } from '../client/words.ts'
import { type Known, refOf } from './releases.ts'

/** An incident as it stands. */
export const incidentView = (incident: Exclude<IncidentState, { status: 'absent' }>, known: Known): IncidentView => {
  const { id, status, service, environment, title, reason, rollout, openedBy, openedAt, emergencyAt } = incident
  const release = incident.release === null ? null : refOf(incident.release, known)
  const common = { id, status, service, environment, title, reason, release, rollout, openedBy, openedAt, emergencyAt }
  if (incident.status === 'open') return { ...common, resolvedBy: null, resolvedAt: null, resolution: null }
  const { resolvedBy, resolvedAt, resolution } = incident
  return { ...common, resolvedBy, resolvedAt, resolution }
}

/** A watch as it stands. */
export const watchView = (watch: Exclude<WatchState, { status: 'absent' }>): WatchView => {
  const { startedAt, plan } = watch
  const common = { startedAt, watchMs: plan.triggers.watchMs }
  const idle = { outcome: null, endedAt: null, watchedMs: null, alarms: [], triggered: null, rollback: null } as const
  switch (watch.status) {
    case 'watching': {
      const { watchedMs, alarms } = watch
      const shown = alarms.map(({ trigger, overMs }) => ({ trigger, overMs }))
      const over = shown.map(({ trigger, overMs }) => `${trigger} over its limit for ${spanOf(overMs)}`).join(', ')
      const detail = `watched for ${spanOf(watchedMs)} of ${spanOf(plan.triggers.watchMs)}${over === '' ? '' : `: ${over}`}`
      return { ...common, ...idle, status: 'watching', watchedMs, alarms: shown, detail }
    }
    case 'returning':
      return {
        ...common,
        ...idle,
        status: 'returning',
        triggered: triggeredView(watch.triggered),
        detail: watch.triggered.detail,
      }
    case 'ended': {
      const { outcome, endedAt, detail, rollback } = watch
      const triggered = watch.triggered === null ? null : triggeredView(watch.triggered)
      return { ...common, ...idle, status: 'ended', outcome, endedAt, detail, rollback, triggered }
    }
    default:
      return unreachable(watch)
  }
}

const triggeredView = ({
  trigger,
  at,
  detail,
}: NonNullable<WatchView['triggered']>): NonNullable<WatchView['triggered']> => ({ trigger, at, detail })

/** A drill as it stands. */
export const drillView = (drill: Exclude<DrillState, { status: 'absent' }>, known: Known): DrillView => {
  const { plan, startedAt } = drill
  const { id, service, environment, by } = plan
  const [serving, target] = [refOf(plan.serving, known), refOf(plan.target, known)]
  const common = { id, service, environment, serving, target, by, startedAt, back: legView(drill.back) }
  if (drill.status === 'drilling') {
    const { phase } = drill
    return { ...common, status: 'drilling', phase, outcome: null, endedAt: null, detail: null, return: null }
  }
  const { endedAt, outcome, detail } = drill
  return { ...common, status: 'ended', phase: null, outcome, endedAt, detail, return: legView(drill.return) }
}

const legView = (leg: DrillLeg | null): DrillLegView | null => {
  if (leg === null) return null
  const { rollout, tookMs, proof } = leg
  const { shareBp, requests, bad, observedAt } = proof
  return { rollout, tookMs, shareBp, requests, bad, observedAt }
}
