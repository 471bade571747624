/** The state of the chain of hashes. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import type { LedgerVerificationView } from '../../../../sluice/src/http/client/ledger-views.ts'
import { ask, asError } from '../../live/ask.ts'
import { announce } from '../../parts/announcer.tsx'
import { Mark } from '../../parts/mark.tsx'
import { numberOf } from '../../words.ts'

const verifyMs = 120_000

/** A button that has the whole chain checked, and what was found. */
export const ChainStatus = (): VNode => {
  const found = useSignal<LedgerVerificationView | null>(null)
  const isBusy = useSignal(false)
  const verify = async (): Promise<void> => {
    isBusy.value = true
    try {
      found.value = await ask('ledger.verify', { timeoutMs: verifyMs })
    } catch (error) {
      announce(asError(error).detail, 'failed')
    }
    isBusy.value = false
  }
  const { value } = found
  return (
    <>
      <span role="status">
        {value !== null && (
          <Mark
            told={
              value.status === 'whole'
                ? { tone: 'good', word: `whole: ${numberOf(value.rows)} rows, head ${value.head.hash.slice(0, 10)}` }
                : { tone: 'bad', word: `broken at row ${value.seq}: ${value.detail}` }
            }
          />
        )}
      </span>
      <span class="deeds">
        <button type="button" class="button plain" disabled={isBusy.value} onClick={() => void verify()}>
          Verify the chain
        </button>
      </span>
    </>
  )
}
