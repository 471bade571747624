/** The hold on a release: what was rolled back is not shipped again by anything that goes on by itself; a person may, saying so. */
import { unreachable } from './machine.ts'
import type { Actor } from './model.ts'
import type { Cause } from './rollout/types.ts'

/** Why a release was rolled back or held: a closed list, so that reasons can be counted. */
export const rollbackReasons = [
  'critical_bug',
  'performance',
  'security',
  'data_corruption',
  'outage',
  'failed_deployment',
] as const

/** One of `rollbackReasons`. */
export type RollbackReason = (typeof rollbackReasons)[number]

/** Why a release may not be shipped. The first hold stays until it is taken off: first cause wins. */
export type Hold = {
  /** Null when whoever rolled back did not say. */
  readonly reason: RollbackReason | null
  /** In words, with the values. */
  readonly detail: string
  readonly by: Actor
  /** Epoch ms. */
  readonly at: number
  /** Where it was rolled back; null when it was held by word. */
  readonly environment: string | null
}

/**
 * The hold that follows from a rollout that came back; null where nothing speaks against the release: a person's abort is a word about the rollout (`sluice rollback` is one about
 * the release), and so is a newer release that took its place; a window that closed says nothing at all.
 */
export const holdAfter = (cause: Cause, environment: string, at: number): Hold | null => {
  if (cause.kind === 'command' || cause.kind === 'window') return null
  const by = { kind: 'system', name: 'sluice' } as const
  return { reason: 'failed_deployment', detail: `its rollout came back: ${causeInWords(cause)}`, by, at, environment }
}

/** Why a rollout came back by itself, as a clause. */
export const causeInWords = (cause: Exclude<Cause, { kind: 'command' | 'window' }>): string => {
  switch (cause.kind) {
    case 'tripped':
    case 'judged':
      return cause.verdict.detail
    case 'broken':
    case 'unhealthy':
    case 'parked':
      return cause.detail
    case 'step_failed':
      return `${cause.step}: ${cause.failure.detail}`
    case 'deadline':
      return `no progress for ${cause.afterMs} ms at ${cause.step}`
    default:
      return unreachable(cause)
  }
}
