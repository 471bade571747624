/** Lists that the server pages: the first page is kept up to date, further ones are asked for. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { PageView } from '../../../sluice/src/http/client/views.ts'
import { asError } from '../live/ask.ts'
import { announce } from './announcer.tsx'

/** What is on the first page, what was asked for after it, and a button for more. */
export const Paged = <Item,>({
  first,
  identity,
  ask,
  more: word = 'Older',
  children,
}: {
  readonly first: PageView<Item>
  /** Tells one item from another. */
  readonly identity: (item: Item) => string
  readonly ask: (cursor: string) => Promise<PageView<Item>>
  /** The word on the button for more. */
  readonly more?: string
  readonly children: (items: readonly Item[]) => ComponentChildren
}): VNode => {
  const older = useSignal<readonly Item[]>([])
  const next = useSignal<string | null>(first.next)
  const isAsking = useSignal(false)
  useEffect(() => {
    if (older.value.length === 0) next.value = first.next
  }, [first.next])
  const more = async (cursor: string): Promise<void> => {
    isAsking.value = true
    try {
      const page = await ask(cursor)
      older.value = [...older.value, ...page.items]
      next.value = page.next
    } catch (error) {
      announce(asError(error).detail, 'failed')
    }
    isAsking.value = false
  }
  const seen = new Set(first.items.map(identity))
  const items = [...first.items, ...older.value.filter((item) => !seen.has(identity(item)))]
  const { value: cursor } = next
  return (
    <>
      {children(items)}
      {cursor !== null && (
        <p class="pager">
          <button type="button" class="button plain" disabled={isAsking.value} onClick={() => void more(cursor)}>
            {word}
          </button>
        </p>
      )}
    </>
  )
}
