/** Rules of typed inputs that hold between keys: defaults that fit, names that mean one thing, and somebody to ask. */
import { readInputs } from '../pipeline/inputs.ts'
import type { ManualInput } from '../pipeline/job-plan.ts'
import type { ConfigIssue } from './issues.ts'
import type { JobSettings, Settings } from './settings.ts'

/** The issues of the inputs of the pipeline and of its jobs. */
export const inputIssues = (settings: Settings): readonly ConfigIssue[] => {
  const { on, jobs } = settings.pipeline
  const asked = on.manual?.inputs ?? []
  const path = ['pipeline', 'on', 'manual', 'inputs']
  return [
    ...asked.flatMap((input) => valueIssues(path, input)),
    ...Object.entries(jobs).flatMap(([job, { manual }]) =>
      (manual?.inputs ?? []).flatMap((input) => valueIssues(['pipeline', 'jobs', job, 'manual', 'inputs'], input)),
    ),
    ...asked.flatMap((input) => nameIssues([...path, input.name], input, jobs)),
    ...unaskedIssues(path, asked, settings),
  ]
}

const valueIssues = (path: readonly string[], input: ManualInput): readonly ConfigIssue[] => {
  const { name, kind, choices } = input
  if (kind === 'choice' && choices.length === 0)
    return [{ path: [...path, name, 'choices'], message: 'expected at least one choice', fix: null }]
  const read = readInputs([{ ...input, isRequired: false }], {})
  return read.kind === 'given' ? [] : [{ path: [...path, name, 'default'], message: read.detail, fix: null }]
}

const nameIssues = (
  path: readonly string[],
  { name }: ManualInput,
  jobs: Settings['pipeline']['jobs'],
): readonly ConfigIssue[] =>
  Object.entries(jobs).flatMap(([job, settings]) => {
    const other = otherMeaning(name, settings)
    return other === null
      ? []
      : [{ path, message: `job "${job}" has ${other} of this name`, fix: 'Give one of them another name.' }]
  })

/** What else a job would call so; what is set in `env` is what the input is there to change. */
const otherMeaning = (name: string, { secrets, matrix }: JobSettings): string | null => {
  if (secrets.includes(name)) return 'a secret'
  if (matrix === null) return null
  const { axes, include, from } = matrix
  const isVaried = [axes, ...include].some((values) => Object.hasOwn(values, name))
  return isVaried || from?.as === name ? 'a matrix value' : null
}

/** Nobody can be asked for what a run must have that starts by itself. */
const unaskedIssues = (
  path: readonly string[],
  asked: readonly ManualInput[],
  settings: Settings,
): readonly ConfigIssue[] => {
  const starter = starterOf(settings)
  if (starter === null) return []
  return asked
    .filter(({ isRequired, default: standard }) => isRequired && standard === null)
    .map(({ name }) => ({
      path: [...path, name, 'required'],
      message: `${starter} starts runs of this pipeline with nobody to ask, and this input has no default`,
      fix: "Give it a default, or start runs by hand alone: on: { branches: ['!**'], pullRequests: [] } without a schedule.",
    }))
}

/** What starts runs without a person; null where nothing does. */
const starterOf = ({ pipeline: { on }, source }: Settings): string | null => {
  if (on.schedule.length > 0) return 'a schedule'
  const isNamed = on.branches !== null || on.tags !== null
  if (isNamed ? canMatch(on.branches) || canMatch(on.tags) : source !== undefined) return 'a push'
  return (on.pullRequests === undefined ? source !== undefined : canMatch(on.pullRequests)) ? 'a pull request' : null
}

/** Patterns that only take away match nothing: how a config says that no push starts a run. */
const canMatch = (patterns: readonly string[] | null): boolean =>
  patterns?.some((pattern) => !pattern.startsWith('!')) === true
