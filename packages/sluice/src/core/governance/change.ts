/** The change record of a rollout: what somebody who asks later wants to know of it. All of it follows from the rollout's own facts. */
import { bundleChanges, migrationsBetween } from '../bundle.ts'
import type { Release } from '../model.ts'
import type { RolloutState } from '../rollout/types.ts'

/** How much can go wrong, and why somebody might think so. */
export type Risk = { readonly level: 'low' | 'medium' | 'high'; readonly reasons: readonly string[] }

type Rollout = Exclude<RolloutState, { status: 'absent' }>

/** The id of the change that a rollout is: `chg_` in place of `rol_`. */
export const changeIdOf = (rollout: string): string => rollout.replace(/^rol_/, 'chg_')

/** The rollout that a change is; a rollout's own id is one, too. */
export const rolloutOfChange = (change: string): string => change.replace(/^chg_/, 'rol_')

/**
 * What speaks for care. High: data that cannot be brought back, and a broken glass. Medium: other migrations, traffic that comes all at once (so that nothing is compared), variables and
 * secrets that change with the code. Low: nothing of it.
 */
export const riskOf = ({ plan, governance }: Rollout, from: Release | null, to: Release | null): Risk => {
  const migrations = to === null ? [] : migrationsBetween(from, to)
  const contracts = migrations.filter(({ class: kind }) => kind === 'contract').map(({ name }) => name)
  const others = migrations.filter(({ class: kind }) => kind !== 'contract').map(({ name }) => name)
  const changes = to === null ? [] : bundleChanges(from, to, plan.spec.name)
  const settings = changes
    .filter(({ what }) => what === 'config' || what === 'secret')
    .map(({ what, name }) => `${what} ${name}`)
  const isForward = plan.purpose !== 'rollback'
  const isAtOnce = isForward && from !== null && !plan.steps.some(({ kind }) => kind === 'judge')
  const high = [
    ...(contracts.length === 0 ? [] : [`no way back past ${contracts.join(', ')}`]),
    ...(governance?.breakGlass === undefined
      ? []
      : [`the glass was broken for ${governance.breakGlass.passed.join(', ')}`]),
  ]
  const medium = [
    ...(others.length === 0 ? [] : [`migrations: ${others.join(', ')}`]),
    ...(isAtOnce ? [`${plan.strategy}: no share of the traffic is judged before the rest`] : []),
    ...(settings.length === 0 ? [] : [`changes with it: ${settings.join(', ')}`]),
  ]
  const level = high.length > 0 ? 'high' : medium.length > 0 ? 'medium' : 'low'
  return { level, reasons: [...high, ...medium] }
}
