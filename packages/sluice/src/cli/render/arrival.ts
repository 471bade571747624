/** Arrivals in the terminal. */
import type { ArrivalView } from '../../http/client/source-views.ts'
import type { Mark, Style } from './style.ts'
import { isoTime } from '../../core/iso-time.ts'

const marks: Readonly<Record<ArrivalView['status'], Mark>> = {
  received: 'current',
  fetched: 'current',
  started: 'done',
  ignored: 'waiting',
  failed: 'failed',
}

/** What came of it, in a few words. */
export const arrivalOutcome = ({ runs, because, status }: ArrivalView): string => {
  if (runs.length > 0) return runs.map(({ run }) => run).join(' ')
  return because ?? (status === 'received' ? 'is being fetched' : '')
}

/** An arrival and all that is known of it. */
export const arrivalLines = (arrival: ArrivalView, style: Style): readonly string[] => {
  const { id, status, ref, from, event, sender, commit, url, title, delivery, receivedAt, runs, because } = arrival
  const told = `${event.replace('_', ' ')} by ${from}${sender === null ? '' : `, from ${sender}`}, ${isoTime(receivedAt)}`
  const facts: readonly (readonly [string, string | null])[] = [
    ['told', told],
    ['what', title],
    ['where', url],
    ['commit', commit],
    ['delivery', delivery],
    [status === 'failed' ? 'failed' : 'because', because],
  ]
  return [
    `${style.mark(marks[status])} ${id} ${status}: ${ref}`,
    ...facts.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(9)} ${value}`])),
    ...runs.map(({ run, pipeline }) => `  ${'run'.padEnd(9)} ${run}${pipeline === null ? '' : ` (${pipeline})`}`),
    ...(status === 'failed' ? [style.dim(`  sluice source redeliver ${id}`)] : []),
  ]
}
