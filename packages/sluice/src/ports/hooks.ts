import type { ReleaseId, RolloutId } from '../core/model.ts'

/** What a hook is told. `key` names the call, not the attempt at it: the same key is the same question. */
export type HookCall = {
  readonly key: string
  readonly name: string
  readonly rollout: RolloutId
  readonly service: string
  readonly environment: string
  readonly release: ReleaseId
  readonly previous: ReleaseId | null
  /** `before` or `after` the step it belongs to, or `revert`. */
  readonly moment: 'before' | 'after' | 'revert'
  readonly step: string
}

/** What a hook says. `in_progress` is asked again after `retryAfterMs`. */
export type HookAnswer =
  | { readonly status: 'succeeded'; readonly detail: string }
  | { readonly status: 'failed'; readonly detail: string; readonly evidence: readonly string[] }
  | { readonly status: 'in_progress'; readonly detail: string; readonly retryAfterMs: number }

/** Asks what a team has put beside its rollouts: a command or an HTTP endpoint. Rejects with SluiceError. */
export interface Hooks {
  call(
    target: { readonly kind: 'http'; readonly url: string } | { readonly kind: 'command'; readonly command: string },
    call: HookCall,
    signal: AbortSignal,
  ): Promise<HookAnswer>
}
