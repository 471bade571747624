import { type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice secrets rm`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'work', async (client) => {
    const name = required(input.args[0], 'a name')
    const body = { force: flagOption(input, 'force'), reason: textOption(input, 'message') }
    await client.call('secrets.remove', { params: { secret: name }, body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ secret: name, removed: true })
    else cli.print(`${cli.style.mark('done')} ${name} is removed, with every version of it`)
    return 0
  })
