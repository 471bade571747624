/**
 * What a job of a GitHub workflow was written as. The lowering keeps the job in the plan's `definition` (`job`, `leg.matrix`), as plain data; this reads it as
 * a parser that trusts nothing about its form.
 */
import type { JobPlan, JsonValue, ManualInput, Texts } from '../../../core/pipeline/job-plan.ts'
import { withoutLoop } from './github-steps.ts'
import { generatedMark } from './seals.ts'

type Fields = { readonly [key: string]: JsonValue }

/** One step as it was written: a command; an action that Sluice has something of its own for; what Sluice does by itself (`given`), its own exports too; any other. */
export type GithubStep =
  | {
      readonly kind: 'run'
      readonly name: string | null
      readonly run: string
      readonly env: Texts
      readonly folder: string | null
      readonly condition: string | null
    }
  | { readonly kind: 'artifact'; readonly name: string; readonly paths: readonly string[] }
  | {
      readonly kind: 'cache'
      readonly key: string
      readonly paths: readonly string[]
      readonly restoreKeys: readonly string[]
    }
  | { readonly kind: 'given'; readonly uses: string }
  | { readonly kind: 'other'; readonly uses: string }

/** A job as it was written, as far as it can be carried over. */
export type GithubOrigin = {
  readonly env: Texts
  readonly secrets: readonly string[]
  readonly steps: readonly GithubStep[]
  readonly condition: string | null
}

/** Inputs by their names in the workflow, in lower case. */
type AskedByName = ReadonlyMap<string, ManualInput>

/** The origin of a plan; null for a job of another dialect. Inputs of the workflow become the variables that the config has for them. */
export const githubOrigin = (plan: JobPlan, inputs: AskedByName = new Map()): GithubOrigin | null => {
  if (plan.dialect !== 'github' || !isFields(plan.definition)) return null
  const { definition } = plan
  const job = fieldsOf(definition['job'])
  const matrix = fieldsOf(fieldsOf(definition['leg'])['matrix'])
  const secrets = new Set(plan.secrets)
  // Inside of a called workflow the same word means what the call gives.
  const asked: AskedByName = isFields(definition['call']) ? new Map() : inputs
  const fill = (text: string): string => withInputs(filled(text, matrix, secrets), asked)
  const written = { ...fieldsOf(fieldsOf(definition['part'])['env']), ...fieldsOf(job['env']) }
  const all = textsOf(written, fill)
  const isOfInputs = (name: string): boolean => all[name] !== filled(plainText(written[name]), matrix, secrets)
  const env = Object.fromEntries(Object.entries(all).filter(([name]) => !isOfInputs(name)))
  // What an input is part of is known to the shell of each step alone.
  const late = withoutSecrets(Object.fromEntries(Object.entries(all).filter(([name]) => isOfInputs(name))))
  const steps = (Array.isArray(job['steps']) ? job['steps'].filter(isFields) : [])
    .map((step) => stepOf(step, fill))
    .map((step): GithubStep => (step.kind === 'run' ? { ...step, env: { ...late, ...step.env } } : step))
  const condition = typeof job['if'] === 'string' ? job['if'] : null
  return { env: withoutSecrets(env), secrets: [...secrets], steps, condition }
}

const isFields = (value: JsonValue | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldsOf = (value: JsonValue | undefined): Fields => (isFields(value) ? value : {})

const textsOf = (value: JsonValue | undefined, fill: (text: string) => string): Texts =>
  Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, one]) => [key, fill(plainText(one))]))

const plainText = (value: JsonValue | undefined): string =>
  typeof value === 'string'
    ? value
    : value === null || value === undefined
      ? ''
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)

/** `TOKEN: ${{ secrets.TOKEN }}` is what the secret does by itself. */
const withoutSecrets = (env: Texts): Texts =>
  Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== `$${name}`))

/** An input as GitHub's expressions name it, and as our own export does: with its default in runs that nobody started by hand. */
const inputExpression =
  /\$\{\{\s*(?:github\.event_name != 'workflow_dispatch' && '((?:[^']|'')*)' \|\| )?(?:github\.event\.)?inputs(?:\.([\w-]+)|\['([\w-]+)'\])\s*\}\}(?=(\w)?)/gi

const withInputs = (text: string, inputs: AskedByName): string =>
  text.replaceAll(inputExpression, (whole: string, ...groups: readonly (string | undefined)[]) => {
    const [standard, dotted, quoted, next] = groups
    const input = inputs.get((dotted ?? quoted ?? '').toLowerCase())
    if (input === undefined) return whole
    if (standard !== undefined && standard.replaceAll("''", "'") !== input.default) return whole
    return next === undefined ? `$${input.name}` : `\${${input.name}}`
  })

/** Expressions that a shell variable or the leg says as well; others stay, and are told. */
const filled = (text: string, matrix: Fields, secrets: Set<string>): string =>
  text.replaceAll(/\$\{\{\s*(matrix|env|secrets)\.([\w-]+)\s*\}\}/g, (whole, context: string, name: string) => {
    if (context === 'matrix') return Object.hasOwn(matrix, name) ? plainText(matrix[name]) : whole
    if (context === 'secrets') secrets.add(name)
    return `$${name}`
  })

/** Keys of steps that run beside others, or wait for those. */
const besideKeys = ['background', 'wait', 'wait-all', 'cancel', 'parallel']

const stepOf = (step: Fields, fill: (text: string) => string): GithubStep => {
  const uses = plainText(step['uses'])
  const settings = textsOf(step['with'], fill)
  const paths = (settings['path'] ?? '').split('\n').filter((path) => path !== '' && !path.startsWith('.sluice-seals/'))
  const run = withoutLoop(plainText(step['run']))
  const beside = besideKeys.find((key) => Object.hasOwn(step, key) && step[key] !== false)
  if (beside !== undefined) return { kind: 'other', uses: `${beside} (a step that runs beside others)` }
  if (run.startsWith(generatedMark)) return { kind: 'given', uses: run.split('\n')[0] ?? '' }
  if (uses === '')
    return {
      kind: 'run',
      name: step['name'] === undefined ? null : fill(plainText(step['name'])),
      run: fill(run).trimEnd(),
      env: withoutSecrets(textsOf(step['env'], fill)),
      folder: step['working-directory'] === undefined ? null : fill(plainText(step['working-directory'])),
      condition: step['if'] === undefined ? null : plainText(step['if']),
    }
  const [action = ''] = uses.split('@')
  if (action === 'actions/checkout' || action === 'actions/download-artifact') return { kind: 'given', uses }
  if (action === 'actions/upload-artifact') return { kind: 'artifact', name: settings['name'] ?? 'artifact', paths }
  if (action === 'actions/cache')
    return {
      kind: 'cache',
      key: settings['key'] ?? '',
      paths,
      restoreKeys: (settings['restore-keys'] ?? '').split('\n').filter((key) => key !== ''),
    }
  return { kind: 'other', uses }
}
