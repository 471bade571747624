import { isoTime } from '../../core/iso-time.ts'
import { type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey, spanOption } from './follow.ts'
import { grantOption } from './identity.ts'
import { required } from './which.ts'

/** `sluice token create`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const expires = textOption(input, 'expires')
    const grant = grantOption(input)
    const body = {
      label: required(input.args[0], 'a label'),
      kind: flagOption(input, 'service') ? 'service' : 'personal',
      scope: grant === null ? null : [grant],
      expiresInMs: expires === null ? null : spanOption('--expires', expires),
    } as const
    const { id, token, expiresAt } = await client.call('tokens.create', { body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ id, token, expiresAt })
    else {
      cli.print(token)
      cli.note(`${cli.noteStyle.mark('done')} ${id}, until ${isoTime(expiresAt)}; it is shown this once`)
    }
    return 0
  })
