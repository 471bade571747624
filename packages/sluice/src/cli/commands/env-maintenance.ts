import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { type Cli, type Command, type Input, textOption } from '../cli.ts'
import { door, reasonOf } from './door.ts'
import { freshKey, spanOption } from './follow.ts'

/** `sluice env maintenance`. */
export const command: Command = async (cli, input) => {
  const [word, ...args] = input.args
  if (word === 'off') return off(cli, { ...input, args })
  if (word === 'on') return on(cli, { ...input, args })
  throw new SluiceError('usage_invalid', {
    detail: `${word ?? 'nothing'} is neither on nor off`,
    hint: 'sluice env maintenance on production -m "why"',
  })
}

const on: Command = async (cli, input) => {
  const reason = reasonOf(input, 'env maintenance on')
  const hold = textOption(input, 'hold')
  const retryAfter = textOption(input, 'retryAfter')
  const html = await pageOf(cli, input)
  const body = {
    reason,
    ...(html === null ? {} : { html }),
    ...(hold === null ? {} : { holdMs: spanOption('--hold', hold) }),
    ...(retryAfter === null ? {} : { retryAfterMs: spanOption('--retry-after', retryAfter) }),
  }
  return door(cli, input, {
    words: 'env maintenance on',
    said: ({ name }) => (hold === null ? `${name} shows a page` : `requests to ${name} wait for ${hold} at most`),
    call: (client, environment) =>
      client.call('environments.maintain', { params: { environment }, body, idempotencyKey: freshKey() }),
  })
}

const off: Command = (cli, input) =>
  door(cli, input, {
    words: 'env maintenance off',
    said: ({ name }) => `${name} serves again`,
    call: (client, environment) =>
      client.call('environments.endMaintenance', {
        params: { environment },
        body: { reason: textOption(input, 'message') },
        idempotencyKey: freshKey(),
      }),
  })

/** The page in a file. `usage_invalid` when it cannot be read. */
const pageOf = async (_: Cli, input: Input): Promise<string | null> => {
  const file = textOption(input, 'page')
  if (file === null) return null
  try {
    return await readFile(resolve(file), 'utf8')
  } catch (error) {
    throw new SluiceError('usage_invalid', { detail: `--page ${file} cannot be read: ${String(error)}`, cause: error })
  }
}
