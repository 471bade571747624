import type { ReleaseId, RolloutId } from '../core/model.ts'
import type { HookTarget } from '../core/strategy.ts'
import type { HookAnswer } from '../core/rollout/types.ts'

/** What a hook is told. `key` names the call, not the attempt at it: the same key is the same question. */
export type HookCall = {
  readonly key: string
  readonly name: string
  readonly rollout: RolloutId
  readonly service: string
  readonly environment: string
  readonly release: ReleaseId
  readonly previous: ReleaseId | null
  /** `before` or `after` the stage it belongs to, or `revert`. */
  readonly moment: 'before' | 'after' | 'revert'
  /** `start/2` (instances), `traffic/500` (basis points), `promotion`, `revert`. */
  readonly step: string
}

/** Asks what a team has put beside its rollouts: a command or an HTTP endpoint. Rejects with SluiceError. */
export interface Hooks {
  call(target: HookTarget, call: HookCall, signal: AbortSignal): Promise<HookAnswer>
}
