import type { Strategy } from '../../model.ts'
import { allOn, bringUp, first, type StrategySteps, takeDown } from './common.ts'

type Options = Extract<Strategy, { kind: 'blueGreen' }>

/** Green up and verified without traffic, one switch, a bake with blue still up, and blue kept for an instant return if asked. */
export const blueGreen: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input)
  return [
    ...bringUp(to.release, to.instances, 0),
    allOn(to.release, to.instances),
    ...(options.bakeMs > 0 ? [{ kind: 'wait', ms: options.bakeMs, reason: 'bake after the switch' } as const] : []),
    ...(options.keepPrevious ? [] : takeDown(from.release, 0)),
  ]
}
