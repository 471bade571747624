/** `runs-on` and `container`: whether a job can run on this machine. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import type { RunnerRules } from './definition.ts'
import { isMapping, textOf } from './expressions.ts'

/** Whether the job runs here, is left out because the rules say so, or cannot be run. */
export type Placement =
  | { readonly kind: 'here'; readonly remark: string | null }
  | { readonly kind: 'skip' | 'refuse'; readonly because: string }

/** Decides by the labels of an evaluated `runs-on`. Labels of Windows and macOS are refused unless the rules name them; any other unknown label runs here, with a remark. */
export const placementOf = (runsOn: JsonValue, rules: RunnerRules): Placement => {
  const labels = labelsOf(runsOn)
  for (const label of labels) {
    const rule = rules.runners[label.toLowerCase()] ?? rules.runners[label]
    if (rule === 'here') return { kind: 'here', remark: null }
    if (rule === 'skip') return { kind: 'skip', because: `jobs on ${label} are skipped, as asked for` }
  }
  const foreign = labels.find((label) => /(?:^|[-_])(?:windows|macos|mac)(?:[-_.]|$)/i.test(label))
  if (foreign !== undefined)
    return {
      kind: 'refuse',
      because: `${foreign} is another system than this machine: run its jobs here with --runner ${foreign}=here, or leave them out with --runner ${foreign}=skip`,
    }
  const unknown = labels.filter((label) => !usual.test(label))
  return {
    kind: 'here',
    remark:
      unknown.length === 0
        ? null
        : `a runner with the label ${unknown.join(', ')} is asked for; the job runs on this machine`,
  }
}

/** Why a job that calls a workflow of another repository is left out; null where nobody asked for that. */
export const skippedCall = (uses: JsonValue | undefined, { skippedActions = [] }: RunnerRules): Placement | null => {
  const path = textOf(uses ?? null).replace(/@[^@]*$/, '')
  return path !== '' && skippedActions.some((name) => name.toLowerCase() === path.toLowerCase())
    ? { kind: 'skip', because: `jobs that call ${path} are skipped, as asked for` }
    : null
}

/** Why a job in a container cannot be run; null where it has none, or the rules let its steps run on this machine. */
export const containerProblem = (container: JsonValue, rules: RunnerRules): string | null => {
  const image = textOf(isMapping(container) ? (container['image'] ?? null) : container)
  if (image === '' || rules.containers === 'here') return null
  return `the job wants to run inside of ${image}, which needs Docker: run its steps on this machine with --containers here`
}

const usual = /^(?:ubuntu-\S+|self-hosted|linux|x64|arm64)$/i

const labelsOf = (runsOn: JsonValue): readonly string[] => {
  if (isMapping(runsOn)) return runsOn['labels'] === undefined ? [] : labelsOf(runsOn['labels'])
  return (Array.isArray(runsOn) ? runsOn : [runsOn]).map(textOf).filter((label) => label !== '')
}
