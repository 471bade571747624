/** Asking the control plane as who is signed in. */
import { SluiceError } from '../../../sluice/src/core/errors.ts'
import type { CallInput } from '../../../sluice/src/http/client/client.ts'
import type { Contract } from '../../../sluice/src/http/client/contract.ts'
import type { RouteId } from '../../../sluice/src/http/client/paths.ts'
import { client, goToSignIn } from './session.ts'

/** Asks a route. Rejects with SluiceError; whom the control plane no longer knows signs in anew. */
export const ask = async <Id extends RouteId>(id: Id, input: CallInput<Id>): Promise<Contract[Id]['response']> => {
  try {
    return await client().call(id, input)
  } catch (error) {
    if (isRefused(error)) goToSignIn()
    throw error
  }
}

/** Whether the control plane does not know who asks. */
export const isRefused = (error: unknown): error is SluiceError =>
  error instanceof SluiceError && (error.code === 'token_missing' || error.code === 'token_stale')

/** Makes the repetition of a write harmless. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** What went wrong, as an error that a page can show. */
export const asError = (error: unknown): SluiceError =>
  error instanceof SluiceError
    ? error
    : new SluiceError('unexpected', { detail: error instanceof Error ? error.message : String(error), cause: error })
