import type { Strategy } from '../../strategy.ts'
import { allOn, bringUp, first, holdAll, type StrategySteps, takeDown, verifiedAfter } from './common.ts'

type Options = Extract<Strategy, { kind: 'recreate' }>

/** For services that may not run twice: hold the requests, stop the old one, start the new one, let them go on. */
export const recreate: StrategySteps<Options> = (input) => {
  const { from, to } = input
  if (from === null) return first(input)
  return [
    holdAll,
    ...takeDown(from.release, 0),
    ...bringUp(to.release, to.instances, 0),
    allOn(to.release, to.instances),
    // Before, requests are held: nothing is looked at while they wait.
    ...verifiedAfter(input, { release: to.release, count: to.instances }),
  ]
}
