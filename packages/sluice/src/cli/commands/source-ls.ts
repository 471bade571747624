import { isoTime } from '../../core/iso-time.ts'
import { type Cli, type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import type { SourceView } from '../../http/client/source-views.ts'
import { arrivalOutcome } from '../render/arrival.ts'
import { tableLines } from '../render/table.ts'
import { limitOf } from './which.ts'

/** `sluice source ls`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const limit = limitOf(textOption(input, 'limit'))
    const [source, { items }] = await Promise.all([
      client.call('source.show', {}),
      client.call('arrivals.list', { query: { limit } }),
    ])
    if (cli.globals.json) {
      cli.json({ source, arrivals: items })
      return 0
    }
    sayWays(cli, source)
    if (items.length === 0) return 0
    const rows = items.map((arrival) => {
      const { id, status, from, ref, receivedAt } = arrival
      return [id, status, from, ref, isoTime(receivedAt), arrivalOutcome(arrival)]
    })
    for (const line of tableLines(['arrival', 'state', 'by', 'ref', 'at', 'what came of it'], rows, cli.style))
      cli.print(line)
    return 0
  })

const sayWays = (cli: Cli, { remote, ways, poll }: SourceView): void => {
  if (remote === null) {
    cli.print('the config names no source: runs are started by people and schedules')
    return
  }
  cli.print(`commits come from ${remote}`)
  for (const { kind, name, trouble, lastArrival, lastFailure } of ways) {
    const last = lastArrival === null ? 'nothing has arrived yet' : `last ${isoTime(lastArrival.receivedAt)}`
    const failed = lastFailure === null ? '' : `, last failure ${isoTime(lastFailure.receivedAt)} (${lastFailure.id})`
    cli.print(
      `${cli.style.mark(trouble === null ? 'done' : 'failed')} ${kind.padEnd(6)} ${name}: ${trouble ?? `${last}${failed}`}`,
    )
  }
  if (poll !== null && poll.failure !== null)
    cli.print(`${cli.style.mark('failed')} looking at it fails: ${poll.failure}`)
}
