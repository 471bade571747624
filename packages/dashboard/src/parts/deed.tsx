/** Doing something: what happens, what happens if it fails, why; then once, with the answer said. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import type { SluiceError } from '../../../sluice/src/core/errors.ts'
import { asError, newKey } from '../live/ask.ts'
import { bar } from '../live/powers.ts'
import type { Needs } from '../powers.ts'
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
  /** What it takes; null for what everybody may do with their own things. */
  readonly needs: Needs | null
  /** Why this person may not, whatever their role; absent or null when nothing speaks against it. */
  readonly barred?: string | null
  readonly tone: 'plain' | 'main' | 'danger'
  /** Whether the ledger wants to know why. */
  readonly reason: 'none' | 'optional' | 'required'
  /** What else is asked; nothing when absent. */
  readonly fields?: readonly Field[]
  /** Does it; the key makes a repetition harmless. Gives what to say afterwards. */
  readonly run: (reason: string | null, key: string, said: Said) => Promise<string>
}

/** Something that is asked besides why. */
export type Field = {
  readonly name: string
  readonly label: string
  readonly kind: 'check' | 'text'
  /** Asked only once the check of that name is set. */
  readonly with?: string
}

/** What was said, by the name of the field: a text without spaces around it, `yes` for a check that is set. What was not said, or is no longer asked, is absent. */
export type Said = Readonly<Record<string, string>>

/** Buttons that ask before they do. What who is signed in may not do is shown, with who may: nobody wonders where it went, or presses in vain. */
export const Deeds = ({
  deeds,
  label,
}: {
  readonly deeds: readonly Deed[]
  /** What stands on the buttons instead of their words. */
  readonly label?: string
}): VNode => {
  const id = useId()
  const barred = deeds.flatMap((deed) => {
    const why = barOfDeed(deed)
    return why === null ? [] : [{ word: deed.word, why }]
  })
  const reasons = [...Map.groupBy(barred, ({ why }) => why)]
  return (
    <span class="deeds">
      {deeds.map((deed) => (
        <DeedButton
          key={deed.word}
          deed={deed}
          label={label ?? deed.word}
          barredBy={barOfDeed(deed) === null ? null : id}
        />
      ))}
      {reasons.length > 0 && (
        <span class="barred" id={id}>
          {reasons.map(([why, some]) => `${some.map(({ word }) => word).join(', ')}: ${why}`).join('. ')}
        </span>
      )}
    </span>
  )
}

/** One, in a list of things of which each has its own. */
export const OneDeed = ({ deed, label }: { readonly deed: Deed; readonly label?: string }): VNode => (
  <Deeds deeds={[deed]} {...(label === undefined ? {} : { label })} />
)

const barOfDeed = ({ needs, barred = null }: Deed): string | null => (needs === null ? null : bar(needs)) ?? barred

const DeedButton = ({
  deed,
  label,
  barredBy,
}: {
  readonly deed: Deed
  readonly label: string
  readonly barredBy: string | null
}): VNode => {
  const isOpen = useSignal(false)
  // Not `disabled`: who goes by keys, or does not see, comes by and is told why.
  const state = barredBy === null ? {} : ({ 'aria-disabled': true, 'aria-describedby': barredBy } as const)
  return (
    <>
      <button
        type="button"
        class={`button ${deed.tone}`}
        {...state}
        onClick={() => {
          if (barredBy === null) isOpen.value = true
        }}
      >
        {label}
      </button>
      {isOpen.value && <Asking deed={deed} onClose={() => (isOpen.value = false)} />}
    </>
  )
}

const Asking = ({ deed, onClose }: { readonly deed: Deed; readonly onClose: () => void }): VNode => {
  const dialog = useRef<HTMLDialogElement>(null)
  const reason = useSignal('')
  const said = useSignal<Said>({})
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
      announce(await deed.run(text === '' ? null : text, key.current, saidTo(deed, said.value)))
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
        {asked(deed, said.value).map((field) => (
          <FieldInput
            key={field.name}
            field={field}
            value={said.value[field.name] ?? ''}
            onSay={(value) => (said.value = { ...said.value, [field.name]: value })}
          />
        ))}
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

const asked = ({ fields = [] }: Deed, said: Said): readonly Field[] =>
  fields.filter((field) => field.with === undefined || (said[field.with] ?? '') !== '')

const saidTo = (deed: Deed, said: Said): Said =>
  Object.fromEntries(
    asked(deed, said).flatMap(({ name }) => {
      const text = (said[name] ?? '').trim()
      return text === '' ? [] : [[name, text]]
    }),
  )

const FieldInput = ({
  field: { kind, label },
  value,
  onSay,
}: {
  readonly field: Field
  readonly value: string
  readonly onSay: (value: string) => void
}): VNode =>
  kind === 'check' ? (
    <label class="check">
      <input
        type="checkbox"
        checked={value !== ''}
        onChange={({ currentTarget }) => onSay(currentTarget.checked ? 'yes' : '')}
      />
      {label}
    </label>
  ) : (
    <label>
      {label}
      <input type="text" maxLength={2_000} value={value} onInput={({ currentTarget }) => onSay(currentTarget.value)} />
    </label>
  )
