import { z } from 'zod'
import { type BuiltinName, builtinNames, builtinSchemas, builtinTexts } from './builtins.ts'
import type { PlannedStep } from '../pipeline/job-plan.ts'
import { plainStep } from '../pipeline/plain-plans.ts'
import { key, positiveDuration, text, variables } from './fields.ts'

/** A path inside the checkout. */
export const insidePath = (): z.ZodType<string, string> =>
  text('a path').refine(
    (path) => !path.startsWith('/') && !path.includes('\\') && !path.split('/').includes('..'),
    "expected a path inside the checkout, for instance 'dist'",
  )

/** The words of a shell: `{0}` stands for the script's file, and is added where it is missing. */
export const shellWords = (): z.ZodType<readonly string[], string> =>
  text("a shell, for instance 'bash -eo pipefail'").transform((words) => {
    const list = words.split(/\s+/)
    return list.includes('{0}') ? list : [...list, '{0}']
  })

const plain = (run: string): PlannedStep => plainStep(run, run)

const shared = {
  name: key(text('a name').optional(), {
    description: 'What the log calls the step. Default: its command.',
    examples: ['unit tests'],
  }),
  when: key(z.enum(['success', 'failure', 'always'], "expected 'success', 'failure' or 'always'").default('success'), {
    description: 'Whether the step runs after a step that failed: not, only then, or in any case.',
    examples: ['always'],
  }),
  continueOnError: key(z.boolean('expected true or false').default(false), {
    description: 'Whether the job goes on when this step fails, as if it had not.',
    examples: [true],
  }),
  timeout: key(positiveDuration().optional(), {
    description: 'How long the step may take; at most as long as the job.',
    examples: ['2m'],
  }),
}

const command = z
  .strictObject({
    ...shared,
    run: key(text('a shell command'), { description: 'The shell command.', examples: ['npm test'] }),
    shell: key(shellWords().optional(), {
      description: 'The shell of this step, with `{0}` for the file of its script.',
      examples: ['bash -eo pipefail {0}'],
    }),
    env: key(variables().default({}), {
      description: 'Environment variables of this step; they win over those of the job.',
      examples: [{ LOG_LEVEL: 'debug' }],
    }),
    workingDirectory: key(insidePath().optional(), {
      description: 'Where the command runs, relative to the checkout.',
      examples: ['packages/app'],
    }),
  })
  .transform((input): PlannedStep => ({
    ...plain(input.run),
    name: input.name ?? input.run,
    when: input.when,
    shell: input.shell ?? null,
    env: input.env,
    workingDirectory: input.workingDirectory ?? null,
    timeoutMs: input.timeout ?? null,
    continueOnError: input.continueOnError,
  }))

const uses = "expected the name of a built-in step, for instance 'sluice/secret-scan'"

/** What is kept is what was written: the step reads it again when it runs. */
const optionsOf = (name: BuiltinName) => {
  const schema = builtinSchemas[name]
  const options = z.record(z.string(), z.json(), 'expected options').superRefine((written, context) => {
    for (const issue of schema.safeParse(written).error?.issues ?? []) context.addIssue({ ...issue })
  })
  const samples = [name === 'sast' ? { command: ['semgrep', 'scan', '--sarif'], output: 'semgrep.sarif' } : {}]
  const doc = { description: 'Settings of the built-in step.', samples, optionsOf: name }
  return schema.safeParse({}).success ? options.prefault({}).meta(doc) : options.meta(doc)
}

const builtinStep = (name: BuiltinName) =>
  z.strictObject({
    ...shared,
    uses: z
      .literal(`sluice/${name}`, uses)
      .meta({ description: `A step that Sluice brings with it. ${builtinTexts[name]}`, samples: [`sluice/${name}`] }),
    with: optionsOf(name),
  })

const [first, ...others] = builtinNames

const builtin = z
  .discriminatedUnion('uses', [builtinStep(first), ...others.map(builtinStep)], uses)
  .transform((input): PlannedStep => ({
    ...plain(input.uses),
    name: input.name ?? input.uses,
    builtin: { name: input.uses, options: input.with },
    when: input.when,
    timeoutMs: input.timeout ?? null,
    continueOnError: input.continueOnError,
  }))

const step = z.union(
  [text('a shell command').transform(plain), command, builtin],
  "expected a shell command, or { name: 'unit tests', run: 'npm test' }",
)

/** One step or several. */
export const stepsSchema: z.ZodType<readonly PlannedStep[]> = z.union(
  [text('a shell command').transform((run) => [plain(run)]), z.array(step).min(1, 'expected at least one step')],
  "expected a shell command or a list of them, for instance ['npm ci', 'npm test']",
)
