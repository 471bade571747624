/** Jobs of a lowered workflow that were asked to be left out: those for other systems, and calls of workflows that are not here. */
import type { JobPlan } from '../../../core/pipeline/job-plan.ts'
import { definitionOf } from './definition.ts'
import { evaluateValue } from './expressions.ts'
import { isKnown } from './job-fields.ts'
import { staticScope } from './plan-jobs.ts'
import { placementOf, skippedCall } from './runners.ts'

/** Why a job is left out; null where it is not, or where only the run could say. */
export const leftOut = (job: JobPlan): string | null => {
  if (job.dialect !== 'github' || job.steps.length === 0) return skippedBy(job)
  const definition = definitionOf(job)
  const scope = staticScope(definition)
  const runsOn = definition.job['runs-on'] ?? ''
  if (!isKnown(runsOn, scope)) return null
  const placement = placementOf(evaluateValue(runsOn, scope), definition.rules)
  return placement.kind === 'skip' ? placement.because : null
}

const skippedBy = (job: JobPlan): string | null => {
  if (job.dialect !== 'github') return null
  const { job: written, rules } = definitionOf(job)
  const call = skippedCall(written['uses'], rules)
  return call?.kind === 'skip' ? call.because : null
}
