/** Finding what a command means when it was not said. */
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import { type Cli, environmentOf } from '../cli.ts'

/** The environment that was named; else the only one there is. `usage_invalid` with the names otherwise. */
export const chosenEnvironment = async (
  cli: Cli,
  client: Client,
  { given, words }: { readonly given: string | undefined; readonly words: string },
): Promise<string> => {
  const named = environmentOf(cli, given)
  if (named !== null) return named
  const { environments } = await client.call('environments.list', {})
  const [only] = environments
  if (only !== undefined && environments.length === 1) return only.name
  const names = environments.map(({ name }) => name)
  throw new SluiceError('usage_invalid', {
    detail:
      names.length === 0
        ? 'there is no environment to choose from'
        : `which environment? There are ${names.join(', ')}`,
    hint: names.length === 0 ? 'sluice init' : `sluice ${words} ${names[0] ?? ''}`,
  })
}

/** The rollout that was named; else the only live one (of `--env`, when given). `not_found`, `usage_invalid`. */
export const chosenRollout = async (
  cli: Cli,
  client: Client,
  { given, words }: { readonly given: string | undefined; readonly words: string },
): Promise<string> => {
  if (given !== undefined) return given
  const { environments } = await client.call('environments.list', {})
  const wanted = cli.globals.environment
  const live = environments
    .filter(({ name }) => wanted === null || name === wanted)
    .flatMap((one) => (one.live === null ? [] : [one.live]))
  const [only] = live
  if (only !== undefined && live.length === 1) return only.id
  if (only === undefined)
    throw new SluiceError('not_found', {
      detail: `no rollout is under way${wanted === null ? '' : ` in ${wanted}`}`,
      hint: 'sluice rollout ls',
    })
  throw new SluiceError('usage_invalid', {
    detail: `which rollout? Under way are ${live.map(({ id, environment }) => `${id} (${environment})`).join(', ')}`,
    hint: `sluice ${words} ${only.id}`,
  })
}

/** What was given for a required argument. The parser has seen to it that it is there. */
export const required = (given: string | undefined, name: string): string => {
  if (given !== undefined && given !== '') return given
  throw new SluiceError('usage_invalid', { detail: `${name} is missing`, hint: 'sluice --help' })
}

/** Parser of `--limit`. */
export const limitOf = (text: string | null): number => {
  const count = text === null ? 20 : Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 500) return count
  throw new SluiceError('usage_invalid', {
    detail: `--limit ${text ?? ''} is not a number from 1 to 500`,
    hint: '--limit 50',
  })
}

/** Who asks, as the ledger calls them: who is signed in is somebody else than the user of this machine. */
export const callerName = async (client: Client): Promise<string> => (await client.call('session.show', {})).name
