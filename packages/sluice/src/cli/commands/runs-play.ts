import { SluiceError } from '../../core/errors.ts'
import { type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice runs play`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const run = required(input.args[0], 'the id of a run')
    const job = required(input.args[1], 'the name of a job')
    const body = { job, inputs: inputsOf(input), reason: textOption(input, 'message') }
    await client.call('runs.play', { params: { run }, body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ run, job })
    else cli.note(`${cli.noteStyle.mark('done')} ${job} of ${run} starts   sluice runs logs ${run} ${job} --follow`)
    return 0
  })

/** `NAME=value` words. `usage_invalid` for others. */
const inputsOf = ({ options }: Input): Readonly<Record<string, string>> => {
  const words = Array.isArray(options['input']) ? options['input'].map(String) : []
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=')
      if (at > 0) return [word.slice(0, at), word.slice(at + 1)]
      throw new SluiceError('usage_invalid', {
        detail: `--input ${word} has no value`,
        hint: 'write --input NAME=VALUE',
      })
    }),
  )
}
