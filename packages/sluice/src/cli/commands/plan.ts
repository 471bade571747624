import { SluiceError } from '../../core/errors.ts'
import type { Settings } from '../../core/config/settings.ts'
import type { Client } from '../../http/client/client.ts'
import type { PlanView } from '../../http/client/plan-views.ts'
import { type Cli, type Command, environmentOf, flagOption, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { planLines } from '../render/plan.ts'
import type { Style } from '../render/style.ts'

/** `sluice plan`. Without an environment: the pipeline, and every environment. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const named = environmentOf(cli, input.args[0])
    if (named !== null) {
      const { params, query } = question(named, input)
      // Only of one environment: to count its traffic takes a second.
      const traffic = query.traffic ?? 'observed'
      return tell(cli, null, [await client.call('environments.plan', { params, query: { ...query, traffic } })])
    }
    const { settings } = await cli.host.loadConfig(cli.globals.projectDir, cli.interrupted)
    return tell(cli, settings, await everyPlan(client, input))
  })

/** A plan, or why there is none yet. */
type Answer = PlanView | { readonly environment: string; readonly none: string; readonly next: string | null }

type Question = {
  readonly params: { readonly environment: string }
  readonly query: {
    readonly release?: string
    readonly purpose: PlanView['purpose']
    readonly traffic?: number
    readonly replace?: 'true'
  }
}

const question = (environment: string, input: Input): Question => {
  const release = textOption(input, 'release')
  if (flagOption(input, 'rollback') && flagOption(input, 'promote'))
    throw new SluiceError('usage_invalid', {
      detail: '--promote plans a way forward, --rollback one back',
      hint: 'give one of them',
    })
  const purpose = flagOption(input, 'rollback') ? 'rollback' : flagOption(input, 'promote') ? 'promote' : 'deploy'
  const traffic = trafficOf(input)
  return {
    params: { environment },
    query: {
      purpose,
      ...(release === null ? {} : { release }),
      ...(traffic === null ? {} : { traffic }),
      ...(flagOption(input, 'replace') ? { replace: 'true' } : {}),
    },
  }
}

/** Parser of the traffic that was typed. `usage_invalid`. */
const trafficOf = (input: Input): number | null => {
  const text = textOption(input, 'traffic')
  if (text === null) return null
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new SluiceError('usage_invalid', {
    detail: `--traffic ${text} is no number of requests per second`,
    hint: 'write --traffic 100',
  })
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
        return await client.call(
          'environments.plan',
          isPromotion ? { ...asked, query: { ...asked.query, purpose: 'promote' } } : asked,
        )
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
