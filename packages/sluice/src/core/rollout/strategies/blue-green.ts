import type { Strategy } from '../../strategy.ts'
import type { Step } from '../types.ts'
import { bringUp, first, promotion, rulesTo, split, type StrategySteps, takeDown, verifiedFirst } from './common.ts'

type Options = Extract<Strategy, { kind: 'blueGreen' }>

/**
 * Green up without traffic, shown at its preview address and to whoever the preview lets through, verified, and switched to at once; a bake with blue still up,
 * and blue kept for an instant return if asked.
 */
export const blueGreen: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input, options.verify)
  const blue = { release: from.release, count: from.instances }
  const green = { release: to.release, count: to.instances }
  const steps: Step[] = [...bringUp(to.release, to.instances, 0)]
  const { preview, previewListen } = options
  if (preview !== undefined || previewListen !== undefined) {
    steps.push({
      ...split(blue, green, 0),
      ...(preview === undefined ? {} : { rules: rulesTo(preview) }),
      ...(previewListen === undefined ? {} : { preview: previewListen }),
    })
  }
  steps.push(...verifiedFirst(input, green, { isDemanded: options.verify, through: previewListen }))
  if (options.approve === true) steps.push({ kind: 'approve', approvals: 1, reason: 'switch all traffic' })
  return [
    ...steps,
    ...promotion(input, { stable: blue, candidate: green }, options),
    ...(options.keepPrevious ? [] : takeDown(from.release, 0)),
  ]
}
