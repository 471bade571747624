/** What shows that a row is in the ledger: its hash, the hash before it, and the proof under a signed checkpoint. */
import type { VNode } from 'preact'
import type { LedgerRowView } from '../../../../sluice/src/http/client/ledger-views.ts'
import { useAnswer } from '../../live/store.ts'
import { Facts, Shown } from '../../parts/page.tsx'
import { numberOf } from '../../words.ts'

/** Asked for when it is opened: a checkpoint is signed for it. */
export const Proof = ({ row }: { readonly row: LedgerRowView }): VNode => {
  const { seq, hash, previousHash, where } = row
  const answer = useAnswer({ id: 'ledger.inclusion', input: { query: { seq } } })
  return (
    <>
      <Facts
        facts={[
          ['Hash', <code>{hash}</code>],
          ['Hash before', <code>{previousHash}</code>],
          where === undefined
            ? null
            : ['From', [where.address, where.client].filter((one) => one !== undefined).join(', ')],
        ]}
      />
      <Shown answer={answer} what={`The proof of row ${seq}`}>
        {({ proof, checkpoint, size }) => (
          <>
            <Facts
              facts={[
                ['Checkpoint', `${checkpoint.origin}, ${numberOf(size)} rows`],
                ['Root', <code>{checkpoint.root}</code>],
                ['Key', <code>{checkpoint.key}</code>],
              ]}
            />
            <pre tabIndex={0} aria-label={`Inclusion proof of row ${seq}`}>
              {proof}
            </pre>
            <p class="none">
              Checked without this server by{' '}
              <code>
                sluice ledger verify --proof row-{seq}.proof --key {checkpoint.key}
              </code>
            </p>
          </>
        )}
      </Shown>
    </>
  )
}
