/** The simulated hooks and checks: what a team has put beside its rollouts, and how it disappoints them. */
import { SluiceError } from '../../../src/core/errors.ts'
import type { HookAnswer } from '../../../src/core/rollout/types.ts'
import type { CheckOutcome, VerificationReport } from '../../../src/core/verification/types.ts'
import type { Hooks } from '../../../src/ports/hooks.ts'
import type { Verifier } from '../../../src/ports/verifier.ts'
import { faults } from '../core/faults.ts'
import type { Setting } from '../core/setting.ts'
import type { Incarnation, Network } from './network.ts'

type Parts = { readonly network: Network; readonly caller: Incarnation }

/** Yes, unless the weather says otherwise. */
export const simulatedHooks = (setting: Setting, { network, caller }: Parts): Hooks => ({
  call: (_target, { name }, signal) =>
    network.ask<HookAnswer>(caller, signal, (reply) => {
      const isLie = setting.strikes(faults.hook_lied)
      if (isLie || setting.strikes(faults.hook_in_progress)) {
        const retryAfterMs = isLie ? Number.NaN : setting.random.below(4_000)
        return reply.give({ status: 'in_progress', detail: 'wait', retryAfterMs })
      }
      if (setting.strikes(faults.hook_silent)) return
      if (setting.strikes(faults.hook_unreachable))
        return reply.refuse(new SluiceError('hook_unreachable', { detail: `hook ${name} is not there` }))
      if (setting.strikes(faults.hook_said_no)) return reply.give({ status: 'failed', detail: 'no', evidence: [] })
      reply.give({ status: 'succeeded', detail: 'yes' })
    }),
})

/** One check that passes, unless the weather says otherwise. */
export const simulatedVerifier = (setting: Setting, { network, caller }: Parts): Verifier => ({
  verify: ({ scope }, signal) =>
    network.ask<VerificationReport>(caller, signal, (reply) => {
      const isBroken = setting.strikes(faults.verifier_broken)
      if (isBroken && (setting.random.next() & 1) === 0) return reply.give({ scope, results: [] })
      const outcome: CheckOutcome = isBroken ? 'broken' : 'passed'
      reply.give({ scope, results: [{ name: 'home', outcome, detail: '', durationMs: 1, evidence: [] }] })
    }),
})
