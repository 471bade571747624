import { SluiceError } from '../../core/errors.ts'
import type { Settings } from '../../core/config/settings.ts'
import type { Client } from '../../http/client/client.ts'
import type { PlanView } from '../../http/client/views.ts'
import { type Cli, type Command, environmentOf, flagOption, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import type { Style } from '../render/style.ts'

/** `sluice plan`. Without an environment: the pipeline, and every environment. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const named = environmentOf(cli, input.args[0])
    if (named !== null) return tell(cli, null, [await client.call('environments.plan', question(named, input))])
    const { settings } = await cli.host.loadConfig(cli.globals.projectDir, cli.interrupted)
    return tell(cli, settings, await everyPlan(client, input))
  })

/** A plan, or why there is none yet. */
type Answer = PlanView | { readonly environment: string; readonly none: string; readonly next: string | null }

type Question = {
  readonly params: { readonly environment: string }
  readonly query: { readonly release?: string; readonly purpose: PlanView['purpose'] }
}

const question = (environment: string, input: Input): Question => {
  const release = textOption(input, 'release')
  const purpose = flagOption(input, 'rollback') ? 'rollback' : flagOption(input, 'promote') ? 'promote' : 'deploy'
  return { params: { environment }, query: { purpose, ...(release === null ? {} : { release }) } }
}

const everyPlan = async (client: Client, input: Input): Promise<readonly Answer[]> => {
  const { environments } = await client.call('environments.list', {})
  return Promise.all(
    environments.map(async ({ name, after }): Promise<Answer> => {
      const asked = question(name, input)
      const { purpose, release } = asked.query
      // What comes into a later environment is what the one before it serves, unless something else was asked for.
      const isPromotion = after !== null && release === undefined && purpose === 'deploy'
      try {
        return await client.call('environments.plan', isPromotion ? { ...asked, query: { purpose: 'promote' } } : asked)
      } catch (error) {
        if (!(error instanceof SluiceError) || error.code !== 'not_found') throw error
        return { environment: name, none: error.detail, next: error.hint }
      }
    }),
  )
}

const tell = (cli: Cli, settings: Settings | null, plans: readonly Answer[]): number => {
  const { style } = cli
  if (cli.globals.json) {
    cli.json({ ...(settings === null ? {} : { pipeline: pipelineOf(settings) }), plans })
    return 0
  }
  const parts = [
    ...(settings === null ? [] : [pipelineLines(settings, style)]),
    ...plans.map((plan) => ('none' in plan ? noPlanLines(plan, style) : planLines(plan, style))),
  ]
  for (const [index, lines] of parts.entries()) for (const line of index === 0 ? lines : ['', ...lines]) cli.print(line)
  return 0
}

const pipelineOf = ({
  pipeline,
}: Settings): readonly {
  readonly job: string
  readonly needs: readonly string[]
  readonly steps: readonly string[]
}[] =>
  Object.entries(pipeline.jobs).map(([job, { needs, steps }]) => ({ job, needs, steps: steps.map(({ run }) => run) }))

const pipelineLines = (settings: Settings, style: Style): readonly string[] => [
  `${style.bold('pipeline')}  of ${settings.service}   ${style.dim('sluice run')}`,
  ...pipelineOf(settings).map(
    ({ job, needs, steps }) =>
      `      ${job}${needs.length === 0 ? '' : style.dim(` after ${needs.join(', ')}`)}: ${steps.join(' && ')}`,
  ),
]

const noPlanLines = ({ environment, none, next }: Exclude<Answer, PlanView>, style: Style): readonly string[] => [
  `${style.bold(environment)}  ${none}${next === null ? '' : `   ${style.dim(next)}`}`,
]

/** What comes along with the code, and so comes back with it; and where there is no way back. */
const bundleLines = ({ changes, migrations, from }: PlanView, style: Style): readonly string[] => {
  const told = (value: string | null): string =>
    value === null ? 'none' : value.startsWith('sha256:') ? value.slice(0, 19) : value
  const contracts = migrations.filter((migration) => migration.class === 'contract').map(({ name }) => name)
  const beyond = `after ${contracts.join(', ')} a rollback to ${from?.version ?? 'what was before'} is refused: it takes away what that release needs`
  return [
    ...(changes.length === 0 ? [] : [style.dim('  what changes with it, and comes back with a rollback:')]),
    ...changes.map((change) =>
      style.dim(
        `      ${change.what === change.name ? '' : `${change.what} `}${change.name}: ${told(change.from)} ${style.arrow} ${told(change.to)}`,
      ),
    ),
    ...migrations.map((migration) => `      migration ${migration.name} (${migration.class})`),
    ...(contracts.length === 0 ? [] : [`  ${style.mark('failed')} point of no return: ${beyond}`]),
  ]
}

/** A plan as lines: what, forward, back, and who stands in the way. */
export const planLines = (plan: PlanView, style: Style): readonly string[] => [
  `${style.bold(plan.environment)}  ${plan.purpose} ${plan.from?.version ?? 'nothing'} ${style.arrow} ${plan.to.version}   ${plan.strategy}   ${style.dim('nothing was changed')}`,
  ...plan.steps.map((step, index) => `  ${String(index + 1).padStart(2)}  ${step.text}`),
  style.dim(plan.wayBack.length === 0 ? '  the way back: none is needed' : '  the way back, at any moment:'),
  ...plan.wayBack.map((step, index) => style.dim(`  ${String(index + 1).padStart(2)}  ${step.text}`)),
  ...bundleLines(plan, style),
  ...(plan.refusals.length === 0
    ? [`  ${style.mark('done')} it would be admitted now   ${style.dim(`sluice ${plan.purpose} ${plan.environment}`)}`]
    : plan.refusals.map((refusal) => `  ${style.mark('failed')} ${refusal.detail}   ${style.dim(refusal.hint)}`)),
]
