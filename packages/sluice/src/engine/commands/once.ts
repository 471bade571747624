/** How what people ask is done once, however often it is said, and once more on a full disk. */
import { SluiceError } from '../../core/errors.ts'
import type { RequestRecord, Store } from '../../ports/store.ts'
import type { Asking } from '../desk.ts'
import type { Caller } from '../engine.ts'
import type { Ports } from '../ports.ts'
import { asAnswer } from '../trusted.ts'

/** How a caller's words become one act, however often they are said. */
export type Once = <Answer>(caller: Caller, words: object, act: (asking: Asking) => Promise<Answer>) => Promise<Answer>

/** How something is done once more with what is kept for a full disk. */
export type EvenIfFull = <Answer>(act: () => Promise<Answer>) => Promise<Answer>

/**
 * The same key of the same principal, the same words and the same reason: the earlier answer. The same key and anything else: `command_conflict`. What Sluice makes sure of by itself is the same
 * whatever reason it gives: its keys name what is done, and its reason may say how things stand (how late, how bad).
 */
export const createOnce =
  ({ store, sha256 }: Pick<Ports, 'store' | 'sha256'>): Once =>
  async <Answer>(caller: Caller, words: object, act: (asking: Asking) => Promise<Answer>): Promise<Answer> => {
    const { idempotencyKey: said, keyOwner = null, ...who } = caller
    if (said === null) return act({ ...who, record: null })
    // A key that comes over the wire has no space, so that the last one parts the two, whatever the owner is called.
    const key = keyOwner === null ? said : `${keyOwner} ${said}`
    const plain = sha256(JSON.stringify(words))
    const digest = keyOwner === null ? plain : sha256(JSON.stringify({ ...words, reason: who.reason }))
    // A Sluice before this one kept requests without their reason, for as long as a request is kept; who asks again over its upgrade is answered, too.
    const isSame = (record: RequestRecord): boolean => record.digest === digest || record.digest === plain
    const known = await store.request(key)
    if (known === null) {
      try {
        return await act({ ...who, record: (answer): RequestRecord => ({ key, digest, answer }) })
      } catch (error) {
        // The same request, asked twice at the same time: the other one was first, and its answer is the answer.
        const other = await store.request(key).catch(() => null)
        if (other !== null && isSame(other)) return asAnswer(other.answer)
        throw error
      }
    }
    if (isSame(known)) return asAnswer(known.answer)
    throw new SluiceError('command_conflict', {
      detail: `the idempotency key ${said} was used for another request`,
      hint: 'use a new key',
    })
  }

/** The way back is what the ballast is for: on a full disk it is freed, and the same is asked once more. */
export const evenIfFull =
  (store: Pick<Store, 'releaseBallast'>): EvenIfFull =>
  async <Answer>(act: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'store_full') throw error
      await store.releaseBallast()
      return act()
    }
  }

/** The answer of what has nothing to answer but that it was done. */
export const nothing = async (work: Promise<void>): Promise<object> => {
  await work
  return {}
}
