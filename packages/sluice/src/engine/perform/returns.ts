/** What watches and drills may ask of the engine: to go back, as anybody may, and to know how things stand. */
import type { EnvironmentState } from '../../core/environment.ts'
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { type Actor, type ReleaseId, type RolloutId, sluice } from '../../core/model.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import type { DeployCommand, Started } from '../commands/deploy.ts'
import type { Desk } from '../desk.ts'
import type { Engine } from '../engine.ts'
import type { EnvironmentTarget } from '../commands/environments.ts'
import { knownDrill } from '../admission/live-drill.ts'
import type { RollbackCommand } from '../commands/rollback.ts'
import { asAnswer, type Rollout } from '../trusted.ts'
import { heldPredecessors } from '../admission/wanted.ts'

/** Under which key it is asked, so that asking twice is asking once; and why. */
export type Asked = { readonly key: string; readonly why: string; readonly signal: AbortSignal }

/** See the file's header. */
export type Returns = {
  readonly clock: Clock
  readonly isDrilling: (target: EnvironmentTarget) => Promise<boolean>
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

/** What an engine lets its watches and drills ask. */
export const returnsOf = ({
  engine,
  desk,
  store,
}: {
  readonly engine: Pick<Engine, 'deploy' | 'rollback'>
  readonly desk: Desk
  readonly store: Store
}): Returns => ({
  clock: desk.clock,
  isDrilling: async (target) => (await knownDrill(desk, target)) !== null,
  environment: ({ service, environment }) => desk.reading.environment(service, environment),
  held: (environment) => heldPredecessors(desk, environment),
  rollback: async (command, { key, why, signal }) =>
    (await engine.rollback(command, { by: sluice, reason: why, idempotencyKey: key, signal })).rollout,
  go: async (command, { by, key, why, signal }) =>
    (await engine.deploy(command, { by, reason: why, idempotencyKey: key, signal })).rollout,
  askedFor: async (key) => {
    const known = await store.request(key)
    return known === null ? null : asAnswer<Started>(known.answer).rollout
  },
  rollout: (id) => desk.reading.rollout(id),
  rows: (id) => store.ledger({ after: 0, limit: limits.pageItemsMax, key: { kind: 'rollout', id } }),
})
