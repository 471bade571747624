/** Asking a code host for lists, page by page, until one is not full. */
import type { z } from 'zod'
import { reportLimits } from '../../core/limits/report.ts'
import { type ApiPlace, callApi, headerSecret } from '../../lib/api-call.ts'
import type { Reviewed } from '../../ports/reviews.ts'

/** Why it is not known. */
export type Unknown = Extract<Reviewed, { readonly status: 'unknown' }>

/** Asks for things at an address. */
export type Asking = {
  /** All of a list, in the host's order. */
  readonly list: <Item>(address: string, item: z.ZodType<Item>) => Promise<readonly Item[] | Unknown>
  /** One thing. */
  readonly one: <Item>(address: string, item: z.ZodType<Item>) => Promise<Item | Unknown>
}

/** Signs in at a host. */
export const askingAt = (
  {
    name,
    token,
    tokenName,
    headersOf,
  }: {
    readonly name: string
    readonly token: string
    readonly tokenName: string
    readonly headersOf: (token: string) => Readonly<Record<string, string>>
  },
  signal: AbortSignal,
): Asking | Unknown => {
  const secret = headerSecret(token)
  if (secret === null)
    return { status: 'unknown', why: `${name}: the secret ${tokenName} holds what cannot be a token` }
  const place: ApiPlace = { name, headers: headersOf(secret), secret }
  const one: Asking['one'] = async (address, item) => {
    const told = await callApi(place, { method: 'GET', url: address, body: null }, signal)
    if (told.kind !== 'ok') return { status: 'unknown', why: told.detail }
    const { success, data } = item.safeParse(told.body)
    return success ? data : { status: 'unknown', why: `${name}: an answer in another form than it should have` }
  }
  return {
    one,
    list: async (address, item) => {
      const all: (typeof item)['_output'][] = []
      for (let page = 1; page <= reportLimits.reviewPagesMax; page += 1) {
        const query = new URLSearchParams({ per_page: String(reportLimits.reviewPageItems), page: String(page) })
        const items = await one(`${address}?${query.toString()}`, item.array())
        if (!Array.isArray(items)) return items
        all.push(...items)
        if (items.length < reportLimits.reviewPageItems) return all
      }
      // Of half of the reviews nobody could tell whether somebody is against it.
      return { status: 'unknown', why: `${name}: more than ${all.length} of what was asked for` }
    },
  }
}

/** Whether an answer is none. */
export const isUnknown = <Answer>(answer: Answer | Unknown): answer is Unknown =>
  typeof answer === 'object' && answer !== null && 'status' in answer && 'why' in answer
