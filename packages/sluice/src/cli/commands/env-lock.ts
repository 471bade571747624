import { isoTime } from '../../core/iso-time.ts'
import { type Command, textOption } from '../cli.ts'
import { door, reasonOf } from './door.ts'
import { freshKey, spanOption } from './follow.ts'

/** `sluice env lock`. */
export const command: Command = (cli, input) => {
  const reason = reasonOf(input, 'env lock')
  const span = textOption(input, 'for')
  const until = span === null ? null : Date.now() + spanOption('--for', span)
  return door(cli, input, {
    words: 'env lock',
    said: ({ name }) => `${name} is locked${until === null ? '' : ` until ${isoTime(until)}`}; rollbacks pass`,
    call: (client, environment) =>
      client.call('environments.lock', {
        params: { environment },
        body: { reason, until },
        idempotencyKey: freshKey(),
      }),
  })
}
