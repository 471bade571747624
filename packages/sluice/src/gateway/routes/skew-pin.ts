/**
 * The cookie that keeps a client with the release it started on: `<release>.<rollout>.<share>.<time>`. It says in which rollout, and at which share of
 * the candidate, the release was drawn, because only then may the client's answers be weighed in that rollout, and only at that share.
 */
import type { ReleaseId, RolloutId } from '../../core/model.ts'
import { saltSeed } from '../../core/routing-pick.ts'

/** What a client's cookie says. Believed as far as it goes: who forges it chooses for itself only. */
export type Pin = {
  /** The beginning of the release's digest. */
  readonly release: string
  readonly rollout: string
  /** The candidate's share, basis points. */
  readonly shareBp: number
  /** Epoch ms, a second exact. */
  readonly at: number
}

const form = /^([\da-f]{12})\.([\da-f]{8})\.(\d{1,5})\.([\da-z]{1,9})$/

/** A release as pins name it: 48 bits, among the few that an environment has up at once. */
export const pinnedName = (release: ReleaseId): string => release.slice(4, 16)

/** A rollout as pins name it; the same for all routes without one. */
export const rolloutName = (rollout: RolloutId | null): string =>
  (saltSeed(rollout ?? '') >>> 0).toString(16).padStart(8, '0')

/** The pin as text. */
export const pinText = ({ release, rollout, shareBp, at }: Pin): string =>
  `${release}.${rollout}.${shareBp}.${Math.floor(at / 1_000).toString(36)}`

/** Reads a pin; null for any other text. */
export const readPin = (text: string | null): Pin | null => {
  const found = text === null ? null : form.exec(text)
  if (!found) return null
  const [, release = '', rollout = '', shareBp = '', seconds = ''] = found
  return { release, rollout, shareBp: Number(shareBp), at: Number.parseInt(seconds, 36) * 1_000 }
}
