import { type RollbackReason, rollbackReasons } from '../../core/hold.ts'
import { SluiceError } from '../../core/errors.ts'
import { type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { reasonOf } from './door.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice releases hold`. */
export const command: Command = (cli, input) => {
  const release = required(input.args[0], 'a release')
  const body = { reason: reasonOf(input, `releases hold ${release}`), category: categoryOf(input) }
  return withClient(cli, 'server', async (client) => {
    await client.call('releases.hold', { params: { release }, body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ release, held: true })
    else cli.print(`${cli.style.mark('done')} ${release} is held: nothing ships it by itself`)
    return 0
  })
}

/** Parser of `--reason`, one of the closed list; null when none was given. `usage_invalid`. */
export const categoryOf = (input: Input): RollbackReason | null => {
  const text = textOption(input, 'reason')
  if (text === null) return null
  const found = rollbackReasons.find((reason) => reason === text.replaceAll('-', '_'))
  if (found !== undefined) return found
  throw new SluiceError('usage_invalid', {
    detail: `--reason ${text} is none of ${rollbackReasons.join(', ')}`,
    hint: '--reason performance -m "checkout is slow"',
  })
}
