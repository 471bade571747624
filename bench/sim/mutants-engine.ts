/** Seeded bugs of the loop, of transactions, of commands and of performing; see `mutants.ts`. */
import { type Mutant, mutantsIn } from './mutant.ts'

const engine = mutantsIn('', ['engineSim', 'coreTests'])

/** One after the other. */
export const engineMutants: readonly Mutant[] = [
  engine(
    'engine/loop/loop.ts',
    '      const rows = await written\n',
    '      for (const { key, effect } of plan.effects) this.#perform(key, effect)\n      const rows = await written\n',
    'effects are performed before their intent is durable',
  ),
  engine(
    'engine/loop/loop.ts',
    'for (const held of plan.held) this.#held.decided(held)',
    '',
    'the next decision stands on the state before this one',
  ),
  engine(
    'engine/loop/held-states.ts',
    '    this.#decided.clear()\n',
    '',
    'after a rejected commit the loop goes on with what it holds',
  ),
  engine(
    'engine/loop/loop.ts',
    "if (known.retry === 'later' || isRefusal(known)) this.#takeUpLater(known)",
    "if (known.retry === 'later') this.#takeUpLater(known)",
    'the same request twice ends the control plane',
  ),
  engine(
    'engine/loop/loop.ts',
    "if (known.retry === 'later' || isRefusal(known)) this.#takeUpLater(known)\n      else this.#fatal(known)",
    'this.#takeUpLater(known)',
    'a leader that was replaced, or whose disk failed, goes on',
  ),
  engine(
    'engine/loop/loop.ts',
    'await Promise.allSettled(this.#commits)\n      this.#running()',
    'this.#running()',
    'a refusal may stand on what never became durable',
  ),
  engine(
    'engine/loop/wake-up.ts',
    'return dueAt !== null && (isBack || dueAt <= at)',
    'return dueAt !== null && dueAt <= at',
    'nobody notices a clock that was set back',
  ),
  engine(
    'engine/loop/wake-up.ts',
    'if (due.length === 0) this.set()',
    '',
    'a wake-up that came too early was the last one',
  ),
  engine(
    'engine/loop/loop.ts',
    "if (this.#status === 'running') this.submit(key, event)\n    })",
    '    })',
    'what an effect came to is not recorded',
  ),
  engine(
    'engine/loop/loop.ts',
    '      if (generation !== this.#generation) break\n',
    '',
    'what was read before a write failed is taken for what there is',
  ),
  engine('engine/loop/loop.ts', 'await this.#takeUp({ isRestart: true })', '', 'a restart takes nothing up'),
  engine(
    'engine/loop/transaction.ts',
    'accept({ ...follower, actor: sluice, reason: null })',
    'void follower',
    'a settled rollout does not free its environment',
  ),
  engine(
    'engine/loop/transaction.ts',
    'if (decision.state === work.state) return false',
    '',
    'events that change nothing are recorded too',
  ),
  engine(
    'engine/perform/rollout.ts',
    'confirm(route, await world.router.shift(route, signal))',
    'await world.router.shift(route, signal)',
    'a router that says yes is believed',
  ),
  engine(
    'engine/perform/rollout.ts',
    'if (routed > action.keep) {',
    'if (false) {',
    'instances are retired without a look at their traffic',
  ),
  engine(
    'engine/perform/rollout.ts',
    'one.release === release && one.index < count &&',
    'one.release === release &&',
    'traffic goes to instances that are about to leave',
  ),
  engine(
    'engine/perform/rollout.ts',
    'const healthy = receipts.filter((receipt) => receipt.healthy).length',
    'const healthy = receipts.length',
    'every receipt is a good receipt',
  ),
  engine(
    'engine/perform/rollout.ts',
    'tripped: trip?.rollout === id,',
    'tripped: false,',
    'a trip whose notice got lost is never learned of',
  ),
  engine(
    'engine/perform/perform.ts',
    "if (error instanceof SluiceError && error.code === 'outcome_unknown') return unknown(at, sequence, error.detail)",
    "if (error instanceof SluiceError && error.code === 'outcome_unknown') return failed(at, sequence, { ...failureOf(error), retry: 'never' })",
    'an unknown outcome is a failure',
  ),
  engine(
    'engine/perform/perform.ts',
    "if (signal.aborted) return unknown(at, sequence, 'called off at its deadline')",
    '',
    'a call that took too long has failed',
  ),
  engine(
    'engine/admission/admitting.ts',
    'token: token + 1, plan',
    'token, plan',
    'a rollout is fenced like the one before it',
  ),
  engine(
    'engine/commands/deploy.ts',
    "if (admission.kind === 'refused') throw refused(admission.refusals)",
    '',
    'whoever asks is let in',
  ),
  engine(
    'engine/commands/once.ts',
    'if (other !== null && isSame(other)) return asAnswer(other.answer)',
    '',
    'the second of two equal requests is told that the first stands in its way',
  ),
  engine(
    'engine/commands/once.ts',
    "if (!(error instanceof SluiceError) || error.code !== 'store_full') throw error",
    'throw error',
    'a full disk stands in the way of a rollback',
  ),
]
