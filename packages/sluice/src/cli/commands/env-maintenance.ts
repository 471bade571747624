import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { EnvironmentView } from '../../http/client/environment-views.ts'
import { type Command, type Input, textOption } from '../cli.ts'
import { door, reasonOf } from './door.ts'
import { freshKey, spanOption } from './follow.ts'

const lookEveryMs = 100
const looksMax = 50

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
  const html = await pageOf(input)
  const body = {
    reason,
    ...(html === null ? {} : { html }),
    ...(hold === null ? {} : { holdMs: spanOption('--hold', hold) }),
    ...(retryAfter === null ? {} : { retryAfterMs: spanOption('--retry-after', retryAfter) }),
  }
  return door(cli, input, {
    words: 'env maintenance on',
    said: ({ name, maintenance }) => {
      if (maintenance?.status === 'applying') return `${name} goes into maintenance; the data plane has not got it yet`
      return hold === null ? `${name} shows a page` : `requests to ${name} wait for ${hold} at most`
    },
    call: async (client, environment) => {
      const params = { environment }
      await client.call('environments.maintain', { params, body, idempotencyKey: freshKey() })
      return applied(client, environment)
    },
  })
}

const off: Command = (cli, input) =>
  door(cli, input, {
    words: 'env maintenance off',
    said: ({ name, maintenance }) =>
      maintenance === undefined
        ? `${name} serves again`
        : `${name} is to serve again; the data plane has not got it yet`,
    call: async (client, environment) => {
      await client.call('environments.endMaintenance', {
        params: { environment },
        body: { reason: textOption(input, 'message') },
        idempotencyKey: freshKey(),
      })
      return applied(client, environment)
    },
  })

/** The environment once the data plane has what was asked for, or after a while. `command_conflict` when it will not have it. */
const applied = async (client: Client, environment: string): Promise<EnvironmentView> => {
  for (let look = 1; ; look += 1) {
    const view = await client.call('environments.show', { params: { environment } })
    const { maintenance } = view
    if (maintenance?.status === 'refused')
      throw new SluiceError('command_conflict', {
        detail: `the data plane refuses it: ${maintenance.detail ?? 'no reason given'}`,
        hint: `sluice env show ${environment}`,
      })
    if (maintenance?.status !== 'applying' || look === looksMax) return view
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

/** The page in a file. `usage_invalid` when it cannot be read. */
const pageOf = async (input: Input): Promise<string | null> => {
  const file = textOption(input, 'page')
  if (file === null) return null
  try {
    return await readFile(resolve(file), 'utf8')
  } catch (error) {
    throw new SluiceError('usage_invalid', { detail: `--page ${file} cannot be read: ${String(error)}`, cause: error })
  }
}
