/**
 * Lifts old ledger entries to the forms that the machines understand today. The ledger itself is never rewritten: an entry keeps the form in
 * which it was appended, and is lifted, one form at a time, whenever it is read.
 */
import type { LedgerEntry } from './entry.ts'

/** Turns a body of one form into the next form. Pure. */
export type Lift = (body: unknown) => unknown

/** Every event type there is, each with the lifts from its form 1 on; a type without lifts is at form 1. */
export type Forms<Type extends string = string> = Readonly<Record<Type, readonly Lift[]>>

/**
 * An entry in today's form, or why it cannot be. `newer`: the entry was appended by a newer Sluice, and this one must leave its aggregate
 * alone. `unknown`: no Sluice up to this one has such an event.
 */
export type Upcast =
  | { readonly status: 'lifted'; readonly entry: LedgerEntry }
  | { readonly status: 'newer'; readonly form: number; readonly known: number }
  | { readonly status: 'unknown'; readonly type: string }

/** The form in which an event is appended today. */
export const currentForm = <Type extends string>(forms: Forms<Type>, type: Type): number => forms[type].length + 1

/** Lifts one entry. The same entry comes back when it is in today's form. */
export const upcast = (entry: LedgerEntry, forms: Forms): Upcast => {
  const lifts = Object.hasOwn(forms, entry.type) ? forms[entry.type] : undefined
  if (lifts === undefined) return { status: 'unknown', type: entry.type }
  const known = lifts.length + 1
  if (entry.form > known) return { status: 'newer', form: entry.form, known }
  if (entry.form === known) return { status: 'lifted', entry }
  const body = lifts.slice(entry.form - 1).reduce((lower, lift) => lift(lower), entry.body)
  return { status: 'lifted', entry: { ...entry, form: known, body } }
}
