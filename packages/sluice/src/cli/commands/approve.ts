/** `sluice approve | reject`. */
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { PendingView } from '../../http/client/governance-views.ts'
import { type Cli, type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { reasonOf } from './door.ts'
import { freshKey } from './follow.ts'
import { callerName, required } from './which.ts'

/** `sluice approve`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const target = await targetOf(cli, client, { id: idOf(input), words: 'approve' })
    const reason = textOption(input, 'message')
    const idempotencyKey = freshKey()
    if ('rollout' in target) {
      const body = { reason }
      const rollout = await client.call('rollouts.approve', { params: target, body, idempotencyKey })
      return said(cli, `${target.rollout} is approved by ${await callerName(client)}`, { rollout })
    }
    const { environment, release } = target
    await client.call('environments.approve', { params: { environment }, body: { release, reason }, idempotencyKey })
    const by = await callerName(client)
    return said(cli, `${release} is approved for ${environment} by ${by}`, { environment, release, by })
  })

/** `sluice reject`. */
export const reject: Command = (cli, input) => {
  const reason = reasonOf(input, 'reject <id>')
  return withClient(cli, 'server', async (client) => {
    const target = await targetOf(cli, client, { id: idOf(input), words: 'reject' })
    const idempotencyKey = freshKey()
    if ('rollout' in target) {
      const rollout = await client.call('rollouts.reject', { params: target, body: { reason }, idempotencyKey })
      return said(cli, `${target.rollout} is rejected by ${await callerName(client)}; it turns back`, { rollout })
    }
    const { environment, release } = target
    await client.call('environments.reject', { params: { environment }, body: { release, reason }, idempotencyKey })
    const by = await callerName(client)
    return said(cli, `${release} is rejected for ${environment} by ${by}`, { environment, release, by })
  })
}

const idOf = ({ args }: Input): string => required(args[0], 'the id of a rollout or a release')

type Named = { readonly id: string; readonly words: string }

type Target = { readonly rollout: string } | { readonly environment: string; readonly release: string }

/** What an id means: something of the inbox, a rollout, or a release in `--env`. */
const targetOf = async (cli: Cli, client: Client, { id, words }: Named): Promise<Target> => {
  const { environment } = cli.globals
  const isOfInbox = id.startsWith('rol_') || id.startsWith('que_') || id.includes('@')
  const pending = isOfInbox ? (await client.call('approvals.list', {})).items.find((one) => one.id === id) : undefined
  if (pending !== undefined) return ofPending(pending)
  if (id.startsWith('rol_')) return { rollout: id }
  if (environment !== null) return { environment, release: id }
  throw new SluiceError('usage_invalid', {
    detail: `in which environment may ${id} go?`,
    hint: `sluice ${words} ${id} --env production -m "why"`,
  })
}

const ofPending = ({ id, kind, environment, release }: PendingView): Target =>
  kind === 'rollout' ? { rollout: id } : { environment, release: release.id }

const said = (cli: Cli, sentence: string, answer: object): number => {
  if (cli.globals.json) cli.json(answer)
  else cli.print(`${cli.style.mark('done')} ${sentence}`)
  return 0
}
