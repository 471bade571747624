/** A page that is a list: its title, what it says while it is empty, and older items on demand. */
import type { ComponentChildren, VNode } from 'preact'
import type { PageView } from '../../../sluice/src/http/client/views.ts'
import type { Answer } from '../live/store.ts'
import { type Filter, type FilterField, filteredPath, filterText } from './filter.ts'
import { ListFilter } from './list-filter.tsx'
import { Paged } from './more.tsx'
import { Empty, Page, Shown } from './page.tsx'

/** Items of one page of a list. */
export const listItems = 50

/** The list of the items of a kind that the server pages, newest first. */
export const ListPage = <Item extends { readonly id: string }>({
  title,
  path,
  fields,
  filter,
  answer,
  older,
  empty,
  children,
}: {
  /** The plural, as the heading: `Rollouts`. */
  readonly title: string
  /** The address of the page without a filter. */
  readonly path: string
  readonly fields: readonly FilterField[]
  /** What is wanted, by `useFilter`. */
  readonly filter: Filter
  readonly answer: Answer<PageView<Item>> | null
  /** The page after a cursor. */
  readonly older: (cursor: string) => Promise<PageView<Item>>
  /** What is said where there are none, and how there come to be some. */
  readonly empty: ComponentChildren
  readonly children: (items: readonly Item[]) => ComponentChildren
}): VNode => (
  <Page title={title}>
    <ListFilter fields={fields} filter={filter} />
    <Shown answer={answer} what={`The ${title.toLowerCase()}`}>
      {(first) =>
        first.items.length === 0 && first.next === null && Object.keys(filter).length === 0 ? (
          <Empty>{empty}</Empty>
        ) : (
          <Paged key={filteredPath(path, filter)} first={first} identity={({ id }) => id} ask={older}>
            {(items) =>
              items.length > 0 ? (
                children(items)
              ) : (
                <Empty>
                  <p>
                    Nothing {first.next === null ? 'is' : 'newer is'} of this filter: {filterText(fields, filter)}.
                  </p>
                  <p>
                    <a class="button plain" href={path}>
                      Clear the filter
                    </a>
                  </p>
                </Empty>
              )
            }
          </Paged>
        )
      }
    </Shown>
  </Page>
)
