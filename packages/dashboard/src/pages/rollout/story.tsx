/** What happened, in order, each line with its row of the ledger. */
import type { VNode } from 'preact'
import type { WhyView } from '../../../../sluice/src/http/client/views.ts'
import { Part } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'

/** The timeline. */
export const Story = ({ why }: { readonly why: WhyView | null }): VNode | null => {
  if (why === null) return null
  return (
    <Part title="Timeline">
      <ol class="story">
        {why.story.map(({ seq, at, who, text }) => (
          <li key={seq}>
            <Moment at={at} />
            <span>{text}</span>
            <a href={`/ledger?after=${seq - 1}`} title={`Row ${seq} of the ledger`}>
              {who}
            </a>
          </li>
        ))}
      </ol>
    </Part>
  )
}
