import { type Command, textOption } from '../cli.ts'
import { door } from './door.ts'
import { freshKey } from './follow.ts'

/** `sluice env unfreeze`. */
export const command: Command = (cli, input) =>
  door(cli, input, {
    words: 'env unfreeze',
    said: ({ name }) => `${name} is not frozen by anybody any more (windows in sluice.config.ts stay)`,
    call: (client, environment) =>
      client.call('environments.unfreeze', {
        params: { environment },
        body: { reason: textOption(input, 'message') },
        idempotencyKey: freshKey(),
      }),
  })
