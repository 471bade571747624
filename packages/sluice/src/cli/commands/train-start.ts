import { readFile } from 'node:fs/promises'
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { TrainInput } from '../../http/client/contract.ts'
import { type Cli, type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { trainLines } from '../render/train.ts'
import { freshKey } from './follow.ts'
import { overridesOf } from './start-rollout.ts'

const lookMs = 500
const example = 'sluice train start api/production web/production@1.4.0'

/** `sluice train start`. */
export const command: Command = async (cli, input) => {
  const plan = await planOf(input.rest)
  return withClient(cli, 'server', async (client) => {
    const order = flagOption(input, 'parallel') ? ({ order: 'parallel' } as const) : {}
    const body = { ...plan, ...order, ...overridesOf(input), reason: textOption(input, 'message') }
    const { train } = await client.call('trains.start', { body, idempotencyKey: freshKey() })
    if (input.options['wait'] !== false) return follow(cli, client, train)
    if (cli.globals.json) cli.json({ train })
    else cli.print(train)
    return 0
  })
}

/** `[service/]environment[@release]`, or one file that says the same as the API's body does. */
const planOf = async (words: readonly string[]): Promise<TrainInput> => {
  const [file = ''] = words
  if (words.length === 1 && file.endsWith('.json')) return parsePlan(await readPlan(file), file)
  return { members: words.map(parseMember) }
}

const parseMember = (word: string): TrainInput['members'][number] => {
  const [, service, environment, release] = /^(?:([a-z][a-z0-9-]*)\/)?([a-z][a-z0-9-]*)(?:@(.+))?$/.exec(word) ?? []
  if (environment !== undefined) return { service: service ?? null, environment, release: release ?? null }
  throw new SluiceError('usage_invalid', {
    detail: `${JSON.stringify(word)} names no member of a train`,
    hint: example,
  })
}

const readPlan = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new SluiceError('usage_invalid', { detail: `${file} cannot be read: ${String(cause)}`, hint: example, cause })
  }
}

/** Parser of a train's file; what it names is checked by the API. */
const parsePlan = (value: unknown, file: string): TrainInput => {
  if (typeof value === 'object' && value !== null && 'members' in value && Array.isArray(value.members))
    return value as TrainInput
  throw new SluiceError('usage_invalid', {
    detail: `${file} has no members`,
    hint: '{ "order": "ordered", "members": [{ "service": "api", "environment": "production" }] }',
  })
}

/** 0 when all arrived, 3 when all came back, 5 when somebody must look, 130 after Ctrl-C: the train goes on. */
const follow = async (cli: Cli, client: Client, id: string): Promise<number> => {
  let said = ''
  for (;;) {
    const train = await client.call('trains.show', { params: { train: id } })
    const states = train.members.map(({ service, environment, status }) => `${service}/${environment} ${status}`)
    const line = `${id} ${train.status}: ${states.join(', ')}`
    const isOver = train.status !== 'advancing' && train.status !== 'returning'
    if (line !== said && !isOver) cli.note(`${cli.noteStyle.mark('current')} ${line}`)
    said = line
    if (isOver) {
      if (cli.globals.json) cli.json({ train })
      else for (const text of trainLines(train, cli.style)) cli.print(text)
      return train.status === 'succeeded' ? 0 : train.status === 'parked' ? 5 : 3
    }
    if (cli.interrupted.aborted) {
      cli.note(`\nDetached: ${id} goes on.\n  see it   sluice train show ${id}\n  stop it  sluice train abort ${id}`)
      return 130
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}
