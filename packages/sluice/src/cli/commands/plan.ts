import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { PlanView } from '../../http/client/views.ts'
import { type Cli, type Command, environmentOf, flagOption, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import type { Style } from '../render/style.ts'

/** `sluice plan`. Without an environment: every one of them. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const named = environmentOf(cli, input.args[0])
    const plans =
      named === null ? await everyPlan(client, input) : [await client.call('environments.plan', question(named, input))]
    if (cli.globals.json) cli.json({ plans })
    else for (const [index, plan] of plans.entries()) show(cli, plan, index)
    return 0
  })

const question = (
  environment: string,
  input: Input,
): {
  readonly params: { readonly environment: string }
  readonly query: { readonly release?: string; readonly purpose: PlanView['purpose'] }
} => {
  const release = textOption(input, 'release')
  const purpose = flagOption(input, 'rollback') ? 'rollback' : flagOption(input, 'promote') ? 'promote' : 'deploy'
  return { params: { environment }, query: { purpose, ...(release === null ? {} : { release }) } }
}

const everyPlan = async (client: Client, input: Input): Promise<readonly PlanView[]> => {
  const { environments } = await client.call('environments.list', {})
  if (environments.length === 0)
    throw new SluiceError('config_missing', {
      detail: 'there is no sluice.config.ts here that names environments',
      hint: 'sluice init',
    })
  return Promise.all(
    environments.map(({ name, after }) => {
      const asked = question(name, input)
      // What comes into a later environment is what the one before it serves, unless something else was asked for.
      const purpose =
        after !== null && asked.query.release === undefined && asked.query.purpose === 'deploy'
          ? 'deploy'
          : asked.query.purpose
      return client.call('environments.plan', { ...asked, query: { ...asked.query, purpose } })
    }),
  )
}

const show = (cli: Cli, plan: PlanView, index: number): void => {
  for (const line of [...(index > 0 ? [''] : []), ...planLines(plan, cli.style)]) cli.print(line)
}

/** A plan as lines: what, forward, back, and who stands in the way. */
export const planLines = (plan: PlanView, style: Style): readonly string[] => [
  `${style.bold(plan.environment)}  ${plan.purpose} ${plan.from?.version ?? 'nothing'} ${style.arrow} ${plan.to.version}   ${plan.strategy}   ${style.dim('nothing was changed')}`,
  ...plan.steps.map((step, index) => `  ${String(index + 1).padStart(2)}  ${step.text}`),
  style.dim(plan.wayBack.length === 0 ? '  the way back: none is needed' : '  the way back, at any moment:'),
  ...plan.wayBack.map((step, index) => style.dim(`  ${String(index + 1).padStart(2)}  ${step.text}`)),
  ...(plan.refusals.length === 0
    ? [`  ${style.mark('done')} it would be admitted now   ${style.dim(`sluice ${plan.purpose} ${plan.environment}`)}`]
    : plan.refusals.map((refusal) => `  ${style.mark('failed')} ${refusal.detail}   ${style.dim(refusal.hint)}`)),
]
