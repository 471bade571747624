/** There is no such page. */
import type { VNode } from 'preact'
import { Empty, Page } from '../parts/page.tsx'

/** Says so, and leads on. */
export const Missing = (): VNode => (
  <Page title="There is no such page">
    <Empty>
      <p>
        Nothing is at <code>{window.location.pathname}</code>. <a href="/">The overview</a> shows what there is.
      </p>
    </Empty>
  </Page>
)
