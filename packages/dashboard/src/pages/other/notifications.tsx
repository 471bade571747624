/** Messages to people. This control plane sends none yet; the page says so instead of showing an empty list that looks like silence. */
import type { VNode } from 'preact'
import { Empty, Page } from '../../parts/page.tsx'

/** The page. */
export const Notifications = (): VNode => (
  <Page title="Notifications">
    <Empty>
      <p>
        This control plane sends no messages: no channel can be configured in it. What wants to be looked at is on the{' '}
        <a href="/">overview</a> and the <a href="/approvals">approvals</a>; whoever wants to be told otherwise can
        follow the stream of events:
      </p>
      <pre tabIndex={0} aria-label="How to follow the events">
        <code>curl -N -H "Authorization: Bearer …" {window.location.origin}/v1/events</code>
      </pre>
    </Empty>
  </Page>
)
