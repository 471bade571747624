/** Doing something: what happens, what happens if it fails, why; then once, with the answer said. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import type { SluiceError } from '../../../sluice/src/core/errors.ts'
import { asError, newKey } from '../live/ask.ts'
import { announce } from './announcer.tsx'
import { Trouble } from './cause.tsx'

/** Something that a person may have done. */
export type Deed = {
  /** The word on the button: `Promote`. */
  readonly word: string
  /** The question: `Promote 1.4.0 in production?`. */
  readonly title: string
  readonly happens: ComponentChildren
  readonly fails: ComponentChildren
  readonly tone: 'plain' | 'main' | 'danger'
  /** Whether the ledger wants to know why. */
  readonly reason: 'none' | 'optional' | 'required'
  /** Does it; the key makes a repetition harmless. Gives what to say afterwards. */
  readonly run: (reason: string | null, key: string) => Promise<string>
}

/** A button that asks before it does. */
export const DeedButton = ({ deed, label }: { readonly deed: Deed; readonly label?: string }): VNode => {
  const isOpen = useSignal(false)
  return (
    <>
      <button type="button" class={`button ${deed.tone}`} onClick={() => (isOpen.value = true)}>
        {label ?? deed.word}
      </button>
      {isOpen.value && <Asking deed={deed} onClose={() => (isOpen.value = false)} />}
    </>
  )
}

const Asking = ({ deed, onClose }: { readonly deed: Deed; readonly onClose: () => void }): VNode => {
  const dialog = useRef<HTMLDialogElement>(null)
  const reason = useSignal('')
  const isBusy = useSignal(false)
  const error = useSignal<SluiceError | null>(null)
  // One key for one intention: pressing twice, or again after a lost answer, does it once.
  const key = useRef(newKey())
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (isBusy.value) return
    isBusy.value = true
    try {
      const text = reason.value.trim()
      announce(await deed.run(text === '' ? null : text, key.current))
      onClose()
    } catch (caught) {
      error.value = asError(caught)
      isBusy.value = false
    }
  }
  return (
    <dialog ref={dialog} class="deed" aria-labelledby={`${id}-title`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={`${id}-title`}>{deed.title}</h2>
        <h3>What happens</h3>
        <div class="say">{deed.happens}</div>
        <h3>If it fails</h3>
        <div class="say">{deed.fails}</div>
        {deed.reason !== 'none' && (
          <label>
            Why{deed.reason === 'optional' && <span class="none"> (goes to the ledger; may be empty)</span>}
            <textarea
              rows={2}
              required={deed.reason === 'required'}
              maxLength={2_000}
              value={reason.value}
              onInput={({ currentTarget }) => (reason.value = currentTarget.value)}
            />
          </label>
        )}
        {error.value !== null && <Trouble error={error.value} what="It was not done" />}
        <footer>
          <button type="button" class="button plain" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={`button ${deed.tone === 'danger' ? 'danger' : 'main'}`} disabled={isBusy.value}>
            {deed.word}
          </button>
        </footer>
      </form>
    </dialog>
  )
}
