import { type Command, textOption } from '../cli.ts'
import { door } from './door.ts'
import { freshKey } from './follow.ts'

/** `sluice env unlock`. */
export const command: Command = (cli, input) =>
  door(cli, input, {
    words: 'env unlock',
    said: ({ name }) => `${name} is unlocked`,
    call: (client, environment) =>
      client.call('environments.unlock', {
        params: { environment },
        body: { reason: textOption(input, 'message') },
        idempotencyKey: freshKey(),
      }),
  })
