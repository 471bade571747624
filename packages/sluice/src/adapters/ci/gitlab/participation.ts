/** Whether a job is part of the pipeline, and how: decided when the pipeline is made, from `rules` or `only` and `except`, `when` and `allow_failure`. */
import { limits } from '../../../core/limits.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { durationMs } from './duration.ts'
import { takesPart } from './only.ts'
import { firstMatch, type RuleFacts, rulesOf } from './rules.ts'
import { booleanOf, hasKey, integerOf, itemsOf, type MapTree, type Tree, textOf, valueOf } from './tree.ts'
import { type Variables, variablesOf } from './variables.ts'

/** When a job starts. */
export type JobWhen = 'on_success' | 'on_failure' | 'always' | 'manual' | 'delayed'

/** How a job takes part. */
export type Participation = {
  readonly when: JobWhen
  readonly startInMs: number
  /** Whether it may fail: with any exit code (empty) or some; null when it may not. */
  readonly mayFail: { readonly exitCodes: readonly number[] } | null
  /** `needs` of the matched rule, which count instead of the job's. */
  readonly needs: Tree | null
  readonly variables: Variables
  readonly isInterruptible: boolean
}

/** Where a job is and what else decides about it. */
export type ParticipationRequest = {
  readonly key: string
  readonly hasWorkflowRules: boolean
}

const whens: readonly string[] = ['on_success', 'on_failure', 'always', 'manual', 'delayed', 'never']

/** How a job takes part; null when it does not. Mistakes are noted. */
export const participationOf = (
  job: MapTree,
  request: ParticipationRequest,
  facts: RuleFacts,
): Participation | null => {
  const { key } = request
  const { notes } = facts
  if (!hasKey(job, 'rules')) return takesPart(job, request, facts) ? joining(job, null, { key, facts }) : null
  for (const name of ['only', 'except', 'start_in'])
    if (hasKey(job, name)) notes.error(spotOf(job, key, name), `${name} may not be used with rules`)
  const rules = rulesOf(valueOf(job, 'rules'), `${key}.rules`, notes)
  const rule = firstMatch(rules, { key: `${key}.rules`, scope: 'rule' }, facts)
  return rule === null ? null : joining(job, rule, { key, facts })
}

const joining = (
  job: MapTree,
  rule: MapTree | null,
  { key, facts }: { readonly key: string; readonly facts: RuleFacts },
): Participation | null => {
  const { notes } = facts
  const own = whenOf(job, key, facts)
  if (own === 'never')
    notes.warn(
      spotOf(job, key, 'when'),
      'when: never leaves the job out; GitLab takes it only in rules, and refuses the file',
    )
  const ruled = rule === null ? null : whenOf(rule, `${key}.rules`, facts)
  const when = ruled ?? own ?? 'on_success'
  if (when === 'never') return null
  const from = rule !== null && hasKey(rule, 'start_in') ? rule : job
  const written = textOf(valueOf(from, 'start_in'))
  const startInMs = written === null ? null : durationMs(written)
  for (const [tree, its] of [[job, own] as const, ...(rule === null ? [] : [[rule, ruled] as const])])
    if (hasKey(tree, 'start_in') && its !== 'delayed')
      notes.error(spotOf(tree, key, 'start_in'), 'start_in is only for when: delayed')
  if (when === 'delayed' && startInMs === null)
    expected(notes, spotOf(from, key, 'start_in'), 'start_in with a duration, such as 30 minutes')
  if (startInMs !== null && startInMs > limits.startInMsMax)
    expected(notes, spotOf(from, key, 'start_in'), 'start_in of a week at most')
  return {
    when,
    startInMs: when === 'delayed' ? (startInMs ?? 0) : 0,
    mayFail: mayFailOf(rule !== null && hasKey(rule, 'allow_failure') ? rule : job, own, { key, facts }),
    needs: valueOf(rule, 'needs'),
    variables: variablesOf(valueOf(rule, 'variables')),
    isInterruptible: booleanOf(valueOf(rule, 'interruptible')) ?? booleanOf(valueOf(job, 'interruptible')) ?? false,
  }
}

const whenOf = (tree: MapTree, key: string, { notes }: RuleFacts): JobWhen | 'never' | null => {
  const written = valueOf(tree, 'when')
  if (written === null) return null
  const text = textOf(written) ?? ''
  if (whens.includes(text)) return parsedWhen(text)
  expected(notes, spotOf(tree, key, 'when'), `one of ${whens.join(', ')}`)
  return null
}

/** A parser: the text is one of the list. */
const parsedWhen = (text: string): JobWhen | 'never' => text as JobWhen | 'never'

/** A job that is started by hand may fail unless something else is said: of the job itself, not of a rule. */
const mayFailOf = (
  tree: MapTree,
  ownWhen: JobWhen | 'never' | null,
  { key, facts }: { readonly key: string; readonly facts: RuleFacts },
): Participation['mayFail'] => {
  const written = valueOf(tree, 'allow_failure')
  if (written === null) return ownWhen === 'manual' ? { exitCodes: [] } : null
  checkKeys(written, 'allow_failure', { key: `${key}.allow_failure`, notes: facts.notes })
  const flag = booleanOf(written)
  if (flag !== null) return flag ? { exitCodes: [] } : null
  const exitCodes = itemsOf(valueOf(written, 'exit_codes')).flatMap((code) => integerOf(code) ?? [])
  if (exitCodes.length > 0) return { exitCodes }
  expected(facts.notes, spotOf(tree, key, 'allow_failure'), 'true, false, or exit_codes with numbers')
  return null
}

/** Whether the pipeline goes on without anybody having started the job. */
export const isOptional = ({ when, mayFail }: Participation): boolean =>
  when === 'manual' && mayFail !== null && mayFail.exitCodes.length === 0
