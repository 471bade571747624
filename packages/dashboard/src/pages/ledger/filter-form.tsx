/** Which rows are wanted. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { aggregateKinds } from '../../../../sluice/src/core/ledger/entry.ts'
import { useAnswer } from '../../live/store.ts'
import { environmentsQuestion } from '../../questions.ts'
import { filterOf, type LedgerFilter, localText } from './filter.ts'

/** The form. Local times of this browser; what is empty means any. */
export const FilterForm = ({
  filter,
  show,
}: {
  readonly filter: LedgerFilter
  readonly show: (wanted: LedgerFilter) => void
}): VNode => {
  const environments = useAnswer(environmentsQuestion)?.data.value?.environments ?? []
  const fields = useSignal<Readonly<Record<string, string>>>({
    kind: filter.kind ?? '',
    id: filter.id ?? '',
    who: filter.who ?? '',
    environment: filter.environment ?? '',
    from: localText(filter.from),
    to: localText(filter.to),
  })
  const set =
    (name: string) =>
    ({ currentTarget }: { readonly currentTarget: HTMLInputElement | HTMLSelectElement }): void => {
      fields.value = { ...fields.value, [name]: currentTarget.value }
    }
  const submit = (event: Event): void => {
    event.preventDefault()
    const { from = '', to = '', ...rest } = fields.value
    const epoch = (text: string): string | undefined => (text === '' ? undefined : String(new Date(text).getTime()))
    show(filterOf({ ...rest, from: epoch(from), to: epoch(to) }))
  }
  return (
    <form class="filter" onSubmit={submit}>
      <Choice name="Kind" value={fields.value['kind']} options={aggregateKinds} onChange={set('kind')} />
      <label>
        Id
        <input
          type="search"
          data-search
          value={fields.value['id']}
          placeholder="with a kind"
          disabled={fields.value['kind'] === ''}
          onInput={set('id')}
        />
      </label>
      <label>
        Who
        <input type="search" value={fields.value['who']} onInput={set('who')} />
      </label>
      <Choice
        name="Environment"
        value={fields.value['environment']}
        options={environments.map(({ name }) => name)}
        onChange={set('environment')}
      />
      <label>
        From
        <input type="datetime-local" value={fields.value['from']} onInput={set('from')} />
      </label>
      <label>
        Until
        <input type="datetime-local" value={fields.value['to']} onInput={set('to')} />
      </label>
      <button type="submit" class="button plain">
        Show
      </button>
      {Object.keys(filter).length > 0 && <a href="/ledger">everything</a>}
    </form>
  )
}

const Choice = ({
  name,
  value,
  options,
  onChange,
}: {
  readonly name: string
  readonly value: string | undefined
  readonly options: readonly string[]
  readonly onChange: (event: { readonly currentTarget: HTMLSelectElement }) => void
}): VNode => (
  <label>
    {name}
    <select value={value} onChange={onChange}>
      <option value="">any</option>
      {options.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  </label>
)
