/** The same request made twice is done once: what idempotency keys are for. */
import { SluiceError } from '../core/errors.ts'
import type { RequestRecord } from '../ports/store.ts'
import type { Asking } from './desk.ts'
import type { Caller } from './engine.ts'
import type { Ports } from './ports.ts'
import { asAnswer } from './trusted.ts'

/** A command: whose it is, its words, and how it is done. */
export type Request<Answer> = {
  readonly caller: Caller
  /** What is asked for; two requests with the same words are the same. */
  readonly words: object
  readonly act: (asking: Asking) => Promise<Answer>
}

/** The same key of the same principal and the same words: the earlier answer. The same key and other words: `command_conflict`. Without a key it is done. */
export const once = async <Answer>(
  { store, sha256 }: Pick<Ports, 'store' | 'sha256'>,
  { caller, words, act }: Request<Answer>,
): Promise<Answer> => {
  const { idempotencyKey: said, keyOwner = null, ...who } = caller
  if (said === null) return act({ ...who, record: null })
  // A key that comes over the wire has no space, so that the last one parts the two, whatever the owner is called.
  const key = keyOwner === null ? said : `${keyOwner} ${said}`
  const digest = sha256(JSON.stringify(words))
  const known = await store.request(key)
  if (known === null) {
    try {
      return await act({ ...who, record: (answer): RequestRecord => ({ key, digest, answer }) })
    } catch (error) {
      // The same request, asked twice at the same time: the other one was first, and its answer is the answer.
      const other = await store.request(key).catch(() => null)
      if (other?.digest === digest) return asAnswer(other.answer)
      throw error
    }
  }
  if (known.digest === digest) return asAnswer(known.answer)
  throw new SluiceError('command_conflict', {
    detail: `the idempotency key ${said} was used for another request`,
    hint: 'use a new key',
  })
}
