/** Every strategy, by name. A new one is a file beside this and a line here; laws and simulators pick it up. */
import type { Strategy } from '../../strategy.ts'
import type { Step } from '../types.ts'
import { unreachable } from '../../machine.ts'
import { blueGreen } from './blue-green.ts'
import { canary } from './canary.ts'
import { allOn, bringUp, holdAll, type StrategyInput, takeDown } from './common.ts'
import { recreate } from './recreate.ts'
import { rolling } from './rolling.ts'

/** The steps forward of a strategy. */
export const stepsOf = (strategy: Strategy, input: StrategyInput): readonly Step[] => {
  switch (strategy.kind) {
    case 'rolling':
      return rolling(input, strategy)
    case 'blueGreen':
      return blueGreen(input, strategy)
    case 'canary':
      return canary(input, strategy)
    case 'recreate':
      return recreate(input, strategy)
    default:
      return unreachable(strategy)
  }
}

/** Whether two releases of a service may run at the same time. */
export type Company = 'together' | 'alone'

/** The shortest safe way to a release that served before: no analysis, no gate, traffic moves once it answers. */
export const rollbackSteps = ({ from, to }: StrategyInput, company: Company): readonly Step[] => {
  const up = bringUp(to.release, to.instances, to.instances - 1)
  const all = allOn(to.release, to.instances)
  if (from === null) return [...up, all]
  const down = takeDown(from.release, 0)
  return company === 'alone' ? [holdAll, ...down, ...up, all] : [...up, all, ...down]
}

/**
 * The way back, the same for every strategy because steps say desired states: make sure the old release answers, give it all traffic,
 * and only then take the new one down (before it, where the two may not run together). One answering instance suffices: a bad stable
 * must not keep a worse candidate in place.
 */
export const revertSteps = (
  { from, to }: StrategyInput,
  company: Company,
): { readonly warm: readonly Step[]; readonly cold: readonly Step[] } => {
  const down = takeDown(to.release, 0)
  if (from === null) {
    const close: readonly Step[] = [{ kind: 'shift', shares: [], whenEmpty: 'close' }, ...down]
    return { warm: close, cold: close }
  }
  const all = allOn(from.release, from.instances)
  const failuresMax = from.instances - 1
  const up = bringUp(from.release, from.instances, failuresMax)
  return {
    warm: [{ kind: 'probe', release: from.release, count: from.instances, failuresMax }, all, ...down],
    cold: company === 'alone' ? [holdAll, ...down, ...up, all] : [...up, all, ...down],
  }
}
