/** Typed inputs of a pipeline in the words of other systems. */
import type { ManualInput } from '../../../core/pipeline/job-plan.ts'
import type { YamlValue } from './yaml-text.ts'

type Named = Readonly<Record<string, YamlValue>>

/** `on.workflow_dispatch`. */
export const githubDispatch = (inputs: readonly ManualInput[]): Named => {
  if (inputs.length === 0) return {}
  return { inputs: Object.fromEntries(inputs.map((input) => [input.name, githubInput(input)])) }
}

const githubInput = ({ kind, choices, default: standard, isRequired, description }: ManualInput): YamlValue => ({
  description: description === '' ? undefined : description,
  type: kind === 'text' ? 'string' : kind,
  options: kind === 'choice' ? choices : undefined,
  default: standard === null ? undefined : typed(kind, standard),
  required: isRequired ? true : undefined,
})

const typed = (kind: ManualInput['kind'], value: string): YamlValue => {
  if (kind === 'boolean') return value === 'true'
  return kind === 'number' ? Number(value) : value
}

/** Variables of each job. An input is empty in a run that nobody started by hand, and the default of a boolean cannot be told from a no: so the event decides. */
export const githubInputEnv = (inputs: readonly ManualInput[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    inputs.map(({ name, default: standard }) => {
      const other = standard === null ? '' : `github.event_name != 'workflow_dispatch' && ${quotedText(standard)} || `
      return [name, `\${{ ${other}inputs.${name} }}`]
    }),
  )

const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** `variables` of the whole pipeline, which its form for a run by hand shows; undefined for none. */
export const gitlabInputs = (inputs: readonly ManualInput[]): Named | undefined =>
  inputs.length === 0 ? undefined : Object.fromEntries(inputs.map((input) => [input.name, gitlabInput(input)]))

const gitlabInput = ({ name, kind, choices, default: standard, description }: ManualInput): YamlValue => {
  const options = kind === 'boolean' ? ['true', 'false'] : choices
  const value = standard ?? ''
  return {
    value,
    // Only what is described is in the form.
    description: description === '' ? name : description,
    options: kind !== 'choice' && kind !== 'boolean' ? undefined : standard === null ? ['', ...options] : options,
    expand: /[$%]/.test(value) ? false : undefined,
  }
}

/** What GitHub has no word for. */
export const unsaidToGithub = (inputs: readonly ManualInput[]): readonly string[] =>
  inputs
    .filter(({ default: standard, isRequired }) => standard === null && !isRequired)
    .map(({ name }) => `input ${name}: that it is not there when nothing is given; it is empty then`)

/** What GitLab has no word for. */
export const unsaidToGitlab = (inputs: readonly ManualInput[]): readonly string[] =>
  inputs.flatMap(({ name, kind, default: standard, isRequired }) => [
    ...(kind === 'number' ? [`input ${name}: that it is a number`] : []),
    ...(standard === null && isRequired ? [`input ${name}: that it must be given`] : []),
    ...(standard === null && !isRequired
      ? [`input ${name}: that it is not there when nothing is given; it is empty then`]
      : []),
  ])
