import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'

/** `sluice env ls`. */
export const command: Command = (cli) =>
  withClient(cli, 'read', async (client) => {
    const { environments, service } = await client.call('environments.list', {})
    if (cli.globals.json)
      cli.json({
        service,
        environments: environments.map(({ name, after, serving, lock, live }) => ({
          name,
          after,
          serving,
          locked: lock !== null,
          live: live?.id ?? null,
        })),
      })
    else if (environments.length === 0) cli.print('no environments; sluice.config.ts names them: sluice init')
    else {
      const rows = environments.map(({ name, after, serving, lock, live, freezes }) => [
        name,
        after ?? '',
        serving?.version ?? 'nothing',
        live?.id ?? '',
        [lock === null ? '' : `locked by ${lock.by.name}`, freezes.length === 0 ? '' : 'freeze']
          .filter((one) => one !== '')
          .join(', '),
      ])
      for (const line of tableLines(['environment', 'after', 'serves', 'rollout', 'door'], rows, cli.style))
        cli.print(line)
    }
    return 0
  })
