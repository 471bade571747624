/** Lists as commands ask for them: how many, from where on, and which of them. */
import { SluiceError } from '../../core/errors.ts'
import type { PageInput } from '../../http/client/contract.ts'
import type { BegunInput } from '../../http/client/list-filters.ts'
import type { PageView } from '../../http/client/views.ts'
import { type Cli, type Input, textOption } from '../cli.ts'
import { momentOf } from './ledger-filter.ts'
import { limitOf } from './which.ts'

/** A page with `--limit` items, from `--cursor` on: an answer may have fewer and a `next`, and is then gone on from. */
export const pageFor = async <Item>(
  input: Input,
  ask: (query: PageInput) => Promise<PageView<Item>>,
): Promise<PageView<Item>> => {
  const wanted = limitOf(textOption(input, 'limit'))
  const items: Item[] = []
  let cursor = textOption(input, 'cursor')
  do {
    const page: PageView<Item> = await ask({ limit: wanted - items.length, cursor: cursor ?? undefined })
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== null && items.length < wanted)
  return { items, next: cursor }
}

/** Says where to go on, where there is more. */
export const noteMore = ({ note }: Cli, { next }: { readonly next: string | null }): void => {
  if (next !== null) note(`  more  --cursor ${next}`)
}

/** What was typed for a filter; undefined when nothing was. */
export const wordOf = (input: Input, name: string): string | undefined => textOption(input, name) ?? undefined

/** One of the values that a filter takes; undefined when nothing was typed. `usage_invalid`. */
export const valueOf = <Value extends string>(
  input: Input,
  name: string,
  values: readonly Value[],
): Value | undefined => {
  const text = textOption(input, name)
  if (text === null) return undefined
  const value = values.find((one) => one === text.replaceAll('-', '_'))
  if (value !== undefined) return value
  throw new SluiceError('usage_invalid', {
    detail: `--${name} is one of ${values.join(', ')}`,
    hint: `not ${JSON.stringify(text)}`,
  })
}

/** Whether a filter means less than everything. */
export const isAny = (filter: object): boolean => Object.values(filter).some((one) => one !== undefined)

/** `--from` and `--to`. `usage_invalid`. */
export const begunIn = (input: Input): BegunInput => ({
  from: momentOf(textOption(input, 'from'), '--from') ?? undefined,
  to: momentOf(textOption(input, 'to'), '--to') ?? undefined,
})
