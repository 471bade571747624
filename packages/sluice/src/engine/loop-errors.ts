/** What the loop makes of what the store throws. */
import { SluiceError } from '../core/errors.ts'

/** What the store says to one commit and no other: somebody was first, or it is larger than a row may be. */
export const isRefusal = ({ code }: SluiceError): boolean => code === 'command_conflict' || code === 'usage_invalid'

/** The error as it is; anything else is a store that failed. */
export const asSluiceError = (error: unknown): SluiceError =>
  error instanceof SluiceError ? error : new SluiceError('store_failed', { detail: String(error), cause: error })
