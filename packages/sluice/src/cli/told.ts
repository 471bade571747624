import type { Client } from '../http/client/client.ts'
import { SluiceError } from '../core/errors.ts'
import { ToldError } from './told-error.ts'
import { nowLine } from './render/environment.ts'

/** How long the state of an environment may take to be observed after an error, milliseconds. */
const lookMs = 3_000

/** What an environment shows now, as one line; null when that cannot be had. */
export const nowOf = async (client: Client, environment: string): Promise<string | null> => {
  try {
    return nowLine(await client.call('environments.show', { params: { environment }, timeoutMs: lookMs }))
  } catch {
    return null
  }
}

/** Does the work; when it fails, the error goes on together with what the environment shows after it. */
export const telling = async <Result>(
  { client, environment }: { readonly client: Client; readonly environment: string },
  work: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    const now = await nowOf(client, environment)
    throw now === null ? error : new ToldError(error, now)
  }
}
