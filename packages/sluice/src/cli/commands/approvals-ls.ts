import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { pendingLines } from '../render/approvals.ts'

/** `sluice approvals ls`. */
export const command: Command = (cli) =>
  withClient(cli, 'read', async (client) => {
    const inbox = await client.call('approvals.list', {})
    if (cli.globals.json) cli.json(inbox)
    else if (inbox.items.length === 0) cli.print('nothing waits for a yes')
    else
      for (const [index, item] of inbox.items.entries())
        for (const line of [...(index === 0 ? [] : ['']), ...pendingLines(item, inbox.now, cli.style)]) cli.print(line)
    return 0
  })
