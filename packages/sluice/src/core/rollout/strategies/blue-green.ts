import type { Strategy } from '../../model.ts'
import type { Step } from '../types.ts'
import { bringUp, first, promotion, rulesTo, split, type StrategySteps, takeDown, verifiedFirst } from './common.ts'

type Options = Extract<Strategy, { kind: 'blueGreen' }>

/**
 * Green up without traffic, looked at by whoever the preview lets through, verified, and switched to at once; a bake with blue still up,
 * and blue kept for an instant return if asked.
 */
export const blueGreen: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input, options.verify)
  const blue = { release: from.release, count: from.instances }
  const green = { release: to.release, count: to.instances }
  const steps: Step[] = [...bringUp(to.release, to.instances, 0)]
  if (options.preview !== undefined) steps.push({ ...split(blue, green, 0), rules: rulesTo(options.preview) })
  steps.push(...verifiedFirst(input, green, options.verify))
  if (options.approve === true) steps.push({ kind: 'approve', approvals: 1, reason: 'switch all traffic' })
  return [
    ...steps,
    ...promotion(input, { stable: blue, candidate: green }, options),
    ...(options.keepPrevious ? [] : takeDown(from.release, 0)),
  ]
}
