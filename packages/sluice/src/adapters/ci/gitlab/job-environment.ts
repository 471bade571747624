/** What a job's steps see: variables that are known now as environment, the others by lines at the head of its scripts. */
import type { Texts } from '../../../core/pipeline/job-plan.ts'
import type { PipelineJob, PipelineScope } from './jobs.ts'
import { runtimeHead } from './predefined.ts'
import { type Filled, shellText, type Variable } from './variables.ts'

/** Variables of a job, by how they get to it. */
export type JobVariables = {
  readonly env: Texts
  /** Stronger than what dotenv reports say. */
  readonly stepEnv: Texts
  /** Names whose values come from the secret source. */
  readonly secrets: readonly string[]
  /** Lines at the head of each script. */
  readonly head: readonly string[]
}

/** Sorts the variables of a job. `secretFiles`: secrets that become files, as GitLab's `secrets:` do. */
export const jobVariablesOf = (
  job: PipelineJob,
  scope: PipelineScope,
  external: { readonly secrets: readonly string[]; readonly secretFiles: readonly string[] },
): JobVariables => {
  const env: Record<string, string> = {}
  const stepEnv: Record<string, string> = {}
  const secrets = [...external.secrets, ...external.secretFiles]
  const head = [
    ...runtimeHead(scope.context.shell),
    ...external.secretFiles.map((name) => fileLine(name, `"$${name}"`)),
  ]
  for (const [name, variable] of job.variables) {
    if (variable.isMasked) secrets.push(name)
    if (variable.isFile) head.push(fileLine(name, variable.isMasked ? `"$${name}"` : singleQuoted(variable.value)))
    if (variable.isMasked || variable.isFile) continue
    if (variable.layer === 'predefined' && variable.isRaw) {
      env[name] = variable.value
      continue
    }
    const filled = job.filler.variable(name) ?? []
    const text = knownText(filled)
    if (text === null) head.push(lateLine(name, filled, { variable, scope }))
    else if (variable.layer === 'given' && scope.hasDotenv) stepEnv[name] = text
    else env[name] = text
  }
  return { env, stepEnv, secrets: [...new Set(secrets)], head }
}

const knownText = (filled: Filled): string | null => {
  const texts = filled.filter((part) => typeof part === 'string')
  return texts.length === filled.length ? texts.join('') : null
}

/** What a dotenv report says of the same name wins over the file, but not over what was given. */
const lateLine = (
  name: string,
  filled: Filled,
  { variable, scope }: { readonly variable: Variable; readonly scope: PipelineScope },
): string => {
  const isOverridable = scope.hasDotenv && variable.layer === 'file'
  return isOverridable ? `export ${name}="\${${name}-${shellText(filled)}}"` : `export ${name}="${shellText(filled)}"`
}

/** The value goes into a file of the step that only the job's user reads and that ends with the job, and the variable becomes its path. */
const fileLine = (name: string, value: string): string =>
  `SLUICE_FILE="\${SLUICE_OUTPUT%/*}/file.${name}"; (umask 077; printf '%s' ${value} > "$SLUICE_FILE"); export ${name}="$SLUICE_FILE"`

const singleQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
