/** How much each kind of notice matters: one table, and one exception for places where nobody was promised anything. */
import type { NoticeKind, NoticeSeverity } from './types.ts'
import { noticeSeverities } from './types.ts'

/** `critical` users are affected now; `high` it will hurt, or somebody went past a rule; `medium` a person is needed today; `low` good to know. An emergency is `critical` whatever its kind. */
export const severityOf: Readonly<Record<NoticeKind, NoticeSeverity>> = {
  'run.started': 'low',
  'run.succeeded': 'low',
  'run.failed': 'medium',
  'run.canceled': 'low',
  'release.held': 'medium',
  'rollout.started': 'low',
  'rollout.waiting': 'medium',
  'rollout.paused': 'high',
  'rollout.resumed': 'low',
  'rollout.step': 'low',
  'rollout.promoted': 'low',
  'rollout.rolled_back': 'high',
  'rollout.failed': 'high',
  'approval.requested': 'medium',
  'approval.given': 'low',
  'approval.rejected': 'medium',
  'incident.opened': 'high',
  'incident.resolved': 'medium',
  'environment.locked': 'low',
  'environment.unlocked': 'low',
  'line.stopped': 'high',
  'line.resumed': 'medium',
  'glass.broken': 'high',
  'drill.failed': 'high',
  'train.failed': 'high',
  'channel.failing': 'high',
  test: 'low',
}

/** Whether something matters at least so much. */
export const isAtLeast = (severity: NoticeSeverity, least: NoticeSeverity): boolean =>
  noticeSeverities.indexOf(severity) <= noticeSeverities.indexOf(least)

/** Where nobody was promised anything, nothing is worth waking somebody. */
export const cappedSeverity = (
  severity: NoticeSeverity,
  { environment, isProduction }: { readonly environment: string | null; readonly isProduction: boolean },
): NoticeSeverity => (environment !== null && !isProduction && isAtLeast(severity, 'medium') ? 'medium' : severity)
