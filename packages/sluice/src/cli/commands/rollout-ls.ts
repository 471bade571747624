import { isoTime } from '../../core/iso-time.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { limitOf } from './which.ts'

/** `sluice rollout ls`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const { environment } = cli.globals
    const query = { limit: limitOf(textOption(input, 'limit')), ...(environment === null ? {} : { environment }) }
    const page = await client.call('rollouts.list', { query })
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print('no rollouts yet')
    else {
      const rows = page.items.map((one) => [
        one.id,
        one.environment,
        `${one.from?.version ?? 'nothing'} ${cli.style.arrow} ${one.to.version}`,
        `${one.status.replace('_', ' ')}${one.hotfix === null ? '' : ', hotfix'}`,
        isoTime(one.startedAt),
        one.by.name,
      ])
      for (const line of tableLines(['rollout', 'environment', 'releases', 'status', 'started', 'by'], rows, cli.style))
        cli.print(line)
    }
    return 0
  })
