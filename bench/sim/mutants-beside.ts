/** Seeded bugs of what goes on beside the rollouts, for the engine simulator alone: messages, arrivals, trains, and what found a queue full; see `mutants.ts`. */
import { type Mutant, mutantsIn } from './mutant.ts'

const beside = mutantsIn('', ['engineSim'])

/** One after the other. */
export const besideMutants: readonly Mutant[] = [
  beside(
    'engine/notify/notice-follower.ts',
    'this.#keptPosition = kept.seq\n      return kept.seq',
    'this.#keptPosition = kept.seq\n      return head',
    'what happened while no control plane ran is told to nobody',
  ),
  beside(
    'core/notify/message.ts',
    'const expiresAt = at + limits.messageLifeMs\n  const common',
    'const expiresAt = at + limits.messageLifeMs / 2\n  const common',
    'a message is given up after half a day',
  ),
  beside(
    'core/notify/turns.ts',
    'const byAge = (a: PendingMessage, b: PendingMessage): number => Number(a.notice.id) - Number(b.notice.id)',
    'const byAge = (a: PendingMessage, b: PendingMessage): number => Number(b.notice.id) - Number(a.notice.id)',
    'the last word on a rollout comes first',
  ),
  beside(
    'engine/notify/outbox.ts',
    'if (messages.length === 0) return\n',
    'return\n',
    'nobody looks whose turn it is once a message has arrived',
  ),
  beside(
    'engine/notify/outbox.ts',
    'const isNext = loop.isWhole && waiting === 0',
    'const isNext = waiting === 0',
    'after a write that failed the last word overtakes those before it',
  ),
  beside(
    'core/source/machine.ts',
    'key: `${state.hint.id}/${state.turn}/${action.kind}`',
    'key: `${state.hint.id}/${sequence}/${action.kind}`',
    'an attempt without an answer starts its run again',
  ),
  beside(
    'engine/perform/arrival.ts',
    'if (seen?.arrival === hint.id) return null',
    'if (seen?.object === object) return null',
    'who tells twice starts two runs',
  ),
  beside(
    'core/source/machine.ts',
    'nextAt: (state) => (isBusy(state) ? laneAt(state.lane) : null),',
    'nextAt: () => null,',
    'a push is lost when the remote does not answer at once',
  ),
  beside(
    'core/source/remote.ts',
    "if (after.status !== 'fetched' && after.status !== 'ignored') return []",
    "if (after.status !== 'ignored') return []",
    "what was fetched is nobody's to start",
  ),
  beside(
    'core/source/remote.ts',
    'if (over !== undefined && !isMarked(known, over)) return state',
    '',
    'a fetch that was overtaken takes the record back',
  ),
  beside(
    'engine/perform/arrival.ts',
    "if (seen?.object !== object) return { kind: 'overtaken' }",
    "if (seen?.object !== object) return { kind: 'ignored', because: 'it has moved on' }",
    'what overtook an older fetch, and was recorded after it, is lost',
  ),
  beside(
    'core/train/machine.ts',
    "(state.plan.order === 'parallel' || place === first)",
    'true',
    'nobody waits for whoever is ahead in the train',
  ),
  beside(
    'core/train/machine.ts',
    "if (state.members.every(({ status }) => status === 'arrived'))",
    "if (state.members.some(({ status }) => status === 'arrived'))",
    'one has arrived, so the train has',
  ),
  beside(
    'engine/perform/train.ts',
    "if (state.status === 'succeeded') return { kind: 'arrived', rollout, from: state.plan.from }",
    "return { kind: 'arrived', rollout, from: state.plan.from }",
    'whoever was taken back counts as arrived',
  ),
  beside(
    'core/queue.ts',
    'return isKept ? { ...state, offers: [...offers, entry].slice(-limits.queueEntriesMax) } : state',
    'return state',
    'what found the queue full never comes',
  ),
  beside(
    'core/queue.ts',
    'const all = [...queue, ...waiting.slice(0, room)]',
    'const all = queue',
    'nobody comes in for those that have left the queue',
  ),
]
