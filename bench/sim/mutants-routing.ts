/** Seeded bugs of what a route looks at besides shares, and of maintenance; see `mutants.ts`. */
import type { MutantRow } from './mutant.ts'

/** One after the other. */
export const routingMutants: readonly MutantRow[] = [
  [
    'core/routing-pick.ts',
    '...(rules && { rules: rules.filter(({ arm }) => releaseOf(route, arm) !== cut) }),',
    '...(rules && { rules }),',
    'a rule still leads to the candidate that was cut',
  ],
  [
    'core/routing-pick.ts',
    '...(mirror && mirror.release !== cut && { mirror }),',
    '...(mirror && { mirror }),',
    'copies still go to the candidate that was cut',
  ],
  [
    'core/routing-spec.ts',
    "purpose !== 'rollback' &&",
    'purpose.length > 0 &&',
    'clients stay on a release that is taken back',
  ],
  [
    'core/maintenance.ts',
    "if (event.failure.retry !== 'never') return backOff(state, event.at, event.failure.detail)",
    "if (event.failure.retry === 'same') return backOff(state, event.at, event.failure.detail)",
    'maintenance gives up while the gateway is starting again',
  ],
  [
    'core/maintenance.ts',
    'const sequence = state.sequence + 1',
    'const sequence = state.sequence',
    'a late word about maintenance undoes a newer one',
  ],
  [
    'gateway/routes/steering.ts',
    "if (pin.rollout !== this.rollout || !this.memory.apart.shares.has(pin.shareBp)) return this.view(stays, 'skew')",
    "if (!this.memory.apart.shares.has(pin.shareBp)) return this.view(stays, 'skew')",
    'who came before the rollout is judged as if chance had chosen it',
  ],
  [
    'gateway/routes/steering.ts',
    'return age >= -1_000 && age < maxAgeMs',
    'return age >= -1_000',
    'a client stays with its old release for ever',
  ],
  [
    'gateway/routes/apart.ts',
    '{ ...arm, apart: why, tally: this.tallyOf(arm.tally.release, why) }',
    '{ ...arm, apart: why }',
    "testers' requests are counted with the arm",
  ],
  [
    'gateway/routes/refusals.ts',
    'if (sequence >= seen) return',
    'if (sequence >= 0) return',
    'the gateway takes what comes about maintenance',
  ],
  [
    'gateway/data/at-gate.ts',
    'return !isHealth || route.arms.length === 0',
    'return true',
    'health requests get the page, and who asks takes the service for dead',
  ],
]
