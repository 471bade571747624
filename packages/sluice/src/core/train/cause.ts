/** Why a train went back, in words. */
import type { Train } from './types.ts'

/** A clause: who turned it around and why, or which member did not arrive and why not. Null for a train that did not go back. */
export const causeOfReturn = (train: Train): string | null => {
  if (!('cause' in train)) return null
  const { cause, plan } = train
  if (cause.kind === 'command')
    return `${cause.by.name} turned it around${cause.reason === null ? '' : `: ${cause.reason}`}`
  const member = plan.members[cause.member]
  return `${member?.service ?? ''}/${member?.environment ?? ''}: ${cause.detail}`
}
