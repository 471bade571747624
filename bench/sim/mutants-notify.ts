/** Seeded bugs of notifications; see `mutants.ts`. */
import { type Mutant, mutantsIn } from './mutant.ts'

const notify = mutantsIn('', ['notifyTests'])

/** One after the other. */
export const notifyMutants: readonly Mutant[] = [
  notify(
    'core/notify/message.ts',
    'const failures = stage.turn.failures + 1',
    'const failures = 1',
    'a channel that fails is asked every five seconds for ever',
  ),
  notify(
    'core/notify/message.ts',
    'if (at < expiresAt) return unchanged(state)',
    'return unchanged(state)',
    'what cannot be delivered is tried for ever',
  ),
  notify(
    'core/notify/message.ts',
    "stage: { kind: 'waiting', notBeforeAt: at + Math.max(pauseMs, askedMs) }",
    "stage: { kind: 'waiting', notBeforeAt: at + pauseMs }",
    'nobody heeds Retry-After',
  ),
  notify(
    'core/notify/turns.ts',
    'if (waiting.length < messages.length) return { superseded, next: null, wakeAt: null }',
    '',
    'two messages of a channel are out at a time',
  ),
  notify(
    'core/notify/turns.ts',
    'isInPlace ? group.slice(-1) : group.slice(0, 1)',
    'group',
    'a later message of a subject overtakes the one that failed',
  ),
  notify(
    'engine/notify/notice-follower.ts',
    'told !== null && told <= head ? told - 1 : (this.#since ?? head)',
    'this.#since ?? head',
    'where the place is lost, what was not told is forgotten',
  ),
  notify(
    'engine/notify/notice-follower.ts',
    "if (read.status === 'unreadable') return this.#again(limits.notifyConfigMs)",
    "if (read.status === 'unreadable') return this.#turnOff()",
    'a missing comma in the config swallows what happens meanwhile',
  ),
  notify(
    'core/notify/route.ts',
    "if (notice.kind === 'channel.failing' && notice.subject.id === name)",
    'if (false)',
    'a channel that fails is told of itself, in a circle',
  ),
  notify(
    'core/notify/message.ts',
    'stage.turn.isFailing) return false',
    'false) return false',
    'that a channel fails is told with every attempt',
  ),
  notify(
    'core/notify/rollout-notices.ts',
    'if (before.status === after.status) return within(before, after)',
    'return within(before, after)',
    'nobody is told how a rollout ended',
  ),
]
