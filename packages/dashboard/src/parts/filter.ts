/** Which items of a list are wanted, as the address of its page says it. */

/** One thing that a list can be filtered by; `name` is the parameter of the server's route and of the page's address. */
export type FilterField = {
  readonly name: string
  readonly label: string
  /** The values where they are closed. */
  readonly options?: readonly string[]
  /** A moment, epoch ms in the address; a local time in the form. */
  readonly kind?: 'moment'
}

/** What is wanted, by field; what is absent means any. */
export type Filter = Readonly<Record<string, string>>

type Query = Readonly<Record<string, string | undefined>>

/** Parser of the address of a list's page; what it does not understand it leaves out. */
export const filterFrom = (fields: readonly FilterField[], query: Query): Filter =>
  Object.fromEntries(
    fields.flatMap((field): readonly (readonly [string, string])[] => {
      const text = query[field.name]?.trim() ?? ''
      return isUnderstood(field, text) ? [[field.name, text]] : []
    }),
  )

const isUnderstood = ({ options, kind }: FilterField, text: string): boolean => {
  if (text === '') return false
  if (kind === 'moment') return /^\d{1,15}$/.test(text)
  return options === undefined || options.includes(text)
}

/** The address of a page with a filter. */
export const filteredPath = (path: string, filter: Filter): string => {
  const search = new URLSearchParams(filter).toString()
  return search === '' ? path : `${path}?${search}`
}

/** A moment as a field for local time takes it, to the minute. */
export const localTimeOf = (epochMs: string): string => {
  if (epochMs === '') return ''
  const at = Number(epochMs)
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** A filter in words: `Status failed, Branch main`. */
export const filterText = (fields: readonly FilterField[], filter: Filter): string =>
  fields
    .filter(({ name }) => filter[name] !== undefined)
    .map(({ name, label, kind }) => {
      const value = filter[name] ?? ''
      return `${label} ${kind === 'moment' ? localTimeOf(value).replace('T', ' ') : value}`
    })
    .join(', ')
