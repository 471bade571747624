/** `sluice stop-the-line | resume`. */
import { SluiceError } from '../../core/errors.ts'
import { type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { reasonOf } from './door.ts'
import { freshKey } from './follow.ts'

/** `sluice stop-the-line`. */
export const stop: Command = (cli, input) => {
  const reason = reasonOf(input, 'stop-the-line')
  const underway = underwayOf(input)
  return withClient(cli, 'server', async (client) => {
    const line = await client.call('line.stop', { body: { reason, underway }, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ line })
    else {
      cli.print(`${cli.style.mark('failed')} the line is stopped: ${reason}; only ways back pass`)
      const what = underway === 'abort' ? 'turns back' : 'is paused'
      for (const rollout of line.rollouts) cli.print(`  ${rollout} ${what}`)
      cli.note('  next  sluice resume -m "why"')
    }
    return 0
  })
}

/** `sluice resume`. */
export const resume: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const body = { reason: textOption(input, 'message') }
    const line = await client.call('line.resume', { body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ line })
    else {
      cli.print(`${cli.style.mark('done')} things go forward again`)
      cli.note('  what was paused stays so: sluice rollout resume')
    }
    return 0
  })

/** Parser of `--underway`. */
const underwayOf = (input: Input): 'pause' | 'abort' | 'finish' => {
  const said = textOption(input, 'underway') ?? 'pause'
  if (said === 'pause' || said === 'abort' || said === 'finish') return said
  throw new SluiceError('usage_invalid', {
    detail: `--underway ${said} is none of pause, abort and finish`,
    hint: 'sluice stop-the-line --underway abort -m "why"',
  })
}
