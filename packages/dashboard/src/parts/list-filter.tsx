/** The form above a list that says which of its items are wanted. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { type Filter, type FilterField, filteredPath, filterFrom, localTimeOf } from './filter.ts'

/** What is wanted of the list whose page this is. */
export const useFilter = (fields: readonly FilterField[]): Filter => filterFrom(fields, useLocation().query)

/** The form. It goes to the address of what is wanted, so that a link can be shared and the way back works. */
export const ListFilter = ({
  fields,
  filter,
}: {
  readonly fields: readonly FilterField[]
  readonly filter: Filter
}): VNode => {
  const { path, route } = useLocation()
  const shown = (): Filter =>
    Object.fromEntries(
      fields.map(({ name, kind }) => [
        name,
        kind === 'moment' ? localTimeOf(filter[name] ?? '') : (filter[name] ?? ''),
      ]),
    )
  const values = useSignal<Filter>(shown())
  const address = filteredPath(path, filter)
  useEffect(() => {
    values.value = shown()
  }, [address])
  const submit = (event: Event): void => {
    event.preventDefault()
    const wanted = fields.map(({ name, kind }): [string, string] => {
      const text = values.value[name] ?? ''
      return [name, kind === 'moment' && text !== '' ? String(new Date(text).getTime()) : text]
    })
    route(filteredPath(path, filterFrom(fields, Object.fromEntries(wanted))))
  }
  return (
    <form class="filter" role="search" aria-label="Filter" onSubmit={submit}>
      {fields.map((field, index) => (
        <Field
          key={field.name}
          field={field}
          value={values.value[field.name] ?? ''}
          isFirstText={index === fields.findIndex(({ options, kind }) => options === undefined && kind === undefined)}
          set={(text) => {
            values.value = { ...values.value, [field.name]: text }
          }}
        />
      ))}
      <button type="submit" class="button plain">
        Show
      </button>
      {Object.keys(filter).length > 0 && <a href={path}>clear</a>}
    </form>
  )
}

const Field = ({
  field: { label, options, kind },
  value,
  isFirstText,
  set,
}: {
  readonly field: FilterField
  readonly value: string
  readonly isFirstText: boolean
  readonly set: (text: string) => void
}): VNode => (
  <label>
    {label}
    {kind === 'moment' ? (
      <input type="datetime-local" value={value} onInput={({ currentTarget }) => set(currentTarget.value)} />
    ) : options === undefined ? (
      <input
        type="search"
        data-search={isFirstText ? true : undefined}
        value={value}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
    ) : (
      <select value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
        <option value="">any</option>
        {options.map((one) => (
          <option key={one} value={one}>
            {one.replaceAll('_', ' ')}
          </option>
        ))}
      </select>
    )}
  </label>
)
