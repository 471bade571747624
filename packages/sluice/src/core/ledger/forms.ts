/**
 * Every event that a ledger can hold, by machine, with what lifts its older forms. The types demand a row for each member of each machine's
 * event union, so an event cannot be forgotten. To change an event's form: append a lift, never touch the ones before it, and leave the
 * golden ledgers as they are.
 */
import type { DrillEvent } from '../drill/types.ts'
import type { EnvironmentEvent } from '../environment.ts'
import type { PersonEvent } from '../identity/person.ts'
import type { SessionEvent } from '../identity/session.ts'
import type { TokenEvent } from '../identity/token.ts'
import type { IncidentEvent } from '../incident.ts'
import type { MaintenanceEvent } from '../maintenance.ts'
import type { RunEvent } from '../pipeline/types.ts'
import type { ReleaseEvent } from '../release-machine.ts'
import type { RolloutEvent } from '../rollout/types.ts'
import type { SecretEvent } from '../secret.ts'
import type { LineEvent } from '../line.ts'
import type { MessageEvent } from '../notify/message.ts'
import type { RemoteEvent } from '../source/remote.ts'
import type { ArrivalEvent } from '../source/types.ts'
import type { TrainEvent } from '../train/types.ts'
import type { WatchEvent } from '../watch/types.ts'
import type { AggregateKind } from './entry.ts'
import type { RetentionEvent } from './retention.ts'
import type { Forms } from './upcast.ts'

const run: Forms<RunEvent['type']> = {
  run_planned: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  cancel_requested: [],
  play_requested: [],
  slot_granted: [],
  slot_lost: [],
  time_passed: [],
  work_parked: [],
}

const release: Forms<ReleaseEvent['type']> = { release_cut: [], release_held: [], release_unheld: [] }

const rollout: Forms<RolloutEvent['type']> = {
  rollout_started: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  tripped: [],
  instance_health_changed: [],
  time_passed: [],
  approved: [],
  rejected: [],
  abort_requested: [],
  pause_requested: [],
  resume_requested: [],
  skip_requested: [],
  promote_requested: [],
  retry_requested: [],
  work_parked: [],
  superseded: [],
}

const environment: Forms<EnvironmentEvent['type']> = {
  rollout_admitted: [],
  rollout_settled: [],
  locked: [],
  unlocked: [],
  frozen: [],
  unfrozen: [],
  approved: [],
  rejected: [],
  glass_broken: [],
  glass_reviewed: [],
  time_passed: [],
  queued: [],
  queue_cancelled: [],
  queue_superseded: [],
  queue_deferred: [],
  queue_refused: [],
  queue_started: [],
  verification_ran: [],
}

const incident: Forms<IncidentEvent['type']> = { incident_opened: [], emergency_declared: [], incident_resolved: [] }

const watch: Forms<WatchEvent['type']> = {
  watch_started: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  time_passed: [],
  work_parked: [],
}

const maintenance: Forms<MaintenanceEvent['type']> = {
  maintenance_requested: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  time_passed: [],
  work_parked: [],
}

const ledger: Forms<RetentionEvent['type']> = { ledger_pruned: [] }

const drill: Forms<DrillEvent['type']> = {
  drill_started: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  time_passed: [],
  stay_requested: [],
  work_parked: [],
}

const train: Forms<TrainEvent['type']> = {
  train_started: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  abort_requested: [],
  retry_requested: [],
  work_parked: [],
}

const line: Forms<LineEvent['type']> = { line_stopped: [], line_resumed: [] }

const message: Forms<MessageEvent['type']> = {
  message_queued: [],
  turn_given: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  time_passed: [],
  work_parked: [],
  superseded: [],
  retry_requested: [],
  discard_requested: [],
}

const arrival: Forms<ArrivalEvent['type']> = {
  arrival_received: [],
  effect_succeeded: [],
  effect_failed: [],
  effect_unknown: [],
  time_passed: [],
  redeliver_requested: [],
  work_parked: [],
}

const remote: Forms<RemoteEvent['type']> = { remote_looked: [], ref_seen: [] }

const person: Forms<PersonEvent['type']> = {
  person_added: [],
  role_granted: [],
  role_revoked: [],
  groups_changed: [],
  password_set: [],
  person_removed: [],
}

const token: Forms<TokenEvent['type']> = { token_issued: [], token_used: [], token_revoked: [] }

const session: Forms<SessionEvent['type']> = { signed_in: [], session_seen: [], signed_out: [] }

const secret: Forms<SecretEvent['type']> = { secret_set: [], secret_removed: [] }

/** The forms of every machine's events. */
export const ledgerForms: Readonly<Record<AggregateKind, Forms>> = {
  run,
  release,
  rollout,
  environment,
  incident,
  message,
  watch,
  drill,
  maintenance,
  train,
  line,
  arrival,
  remote,
  ledger,
  person,
  token,
  session,
  secret,
}
