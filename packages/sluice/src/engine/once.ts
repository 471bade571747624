/** The same request made twice is done once. */
import { SluiceError } from '../core/errors.ts'
import type { Sha256 } from '../core/model.ts'
import type { RequestRecord, Store } from '../ports/store.ts'
import type { Asking } from './desk.ts'
import type { Caller } from './engine.ts'
import { asAnswer } from './trusted.ts'

/** What is kept of requests. */
export type Requests = { readonly store: Pick<Store, 'request'>; readonly sha256: Sha256 }

/** A request: who asks, in which words, and what is done about it. */
export type Request<Answer> = {
  readonly caller: Caller
  readonly words: object
  readonly act: (asking: Asking) => Promise<Answer>
}

/** The same key and the same words: the earlier answer. The same key and other words: refused. */
export const once = async <Answer>(
  { store, sha256 }: Requests,
  { caller, words, act }: Request<Answer>,
): Promise<Answer> => {
  const { idempotencyKey: key, ...who } = caller
  if (key === null) return act({ ...who, record: null })
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
    detail: `the idempotency key ${key} was used for another request`,
    hint: 'use a new key',
  })
}
