import { SluiceError } from '../../core/errors.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { queueLines } from '../render/queue.ts'
import { freshKey } from './follow.ts'
import { chosenEnvironment } from './which.ts'

/** `sluice env dequeue`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const environment = await chosenEnvironment(cli, client, { given: input.args[0], words: 'env dequeue' })
    const params = { environment }
    const { queue: waiting } = await client.call('environments.queue', { params })
    const entry = textOption(input, 'entry') ?? only(waiting, environment)
    const queue = await client.call('environments.dequeue', {
      params: { environment, entry },
      body: { reason: textOption(input, 'message') },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ queue })
    else {
      cli.print(`${cli.style.mark('done')} ${entry} does not wait for ${environment} any more`)
      for (const line of queueLines(queue, Date.now(), cli.style)) cli.print(line)
    }
    return 0
  })

const only = (waiting: readonly { readonly id: string }[], environment: string): string => {
  const [first] = waiting
  if (first !== undefined && waiting.length === 1) return first.id
  throw new SluiceError('usage_invalid', {
    detail:
      first === undefined ? `nothing waits for ${environment}` : `${waiting.length} wait for ${environment}: which?`,
    hint:
      first === undefined ? `sluice env queue ${environment}` : `sluice env dequeue ${environment} --entry ${first.id}`,
  })
}
