/** What watches and drills may ask of the engine: to go back, as anybody may, and to know how things stand. */
import type { EnvironmentState } from '../core/environment.ts'
import type { LedgerRow } from '../core/ledger/entry.ts'
import type { Actor, ReleaseId, RolloutId } from '../core/model.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeployCommand } from './commands.ts'
import type { EnvironmentTarget } from './environment-commands.ts'
import type { RollbackCommand } from './rollback-commands.ts'
import type { Rollout } from './trusted.ts'

/** Under which key it is asked, so that asking twice is asking once; and why. */
export type Asked = { readonly key: string; readonly why: string; readonly signal: AbortSignal }

/** See the file's header. */
export type Returns = {
  readonly clock: Clock
  readonly isDrilling: (target: EnvironmentTarget) => boolean
  readonly environment: (target: EnvironmentTarget) => Promise<EnvironmentState>
  /** Of what served before, what is held. */
  readonly held: (environment: EnvironmentState) => Promise<ReadonlySet<ReleaseId>>
  /** The rollback of a watch. */
  readonly rollback: (command: RollbackCommand, asked: Asked) => Promise<RolloutId>
  /** One way of a drill. */
  readonly go: (command: DeployCommand, asked: Asked & { readonly by: Actor }) => Promise<RolloutId>
  /** The rollout that was asked for under a key; null when none was. */
  readonly askedFor: (key: string) => Promise<RolloutId | null>
  readonly rollout: (id: RolloutId) => Promise<Rollout>
  /** The rows of a rollout, from its first. */
  readonly rows: (id: RolloutId) => Promise<readonly LedgerRow[]>
}
