/** Error budgets of an objective over requests: what is asked of a source, and what its answer means for a release that wants in. No measurement is never a pass. */
import { spanText } from '../span-text.ts'

/** An objective over requests, and what becomes of releases once its error budget is spent. */
export type SloRule = {
  /** Share of requests that are to be good, hundredths of a percent: 9,990 is 99.9 %. */
  readonly objectiveBp: number
  /** The time over which requests are counted, until now, ms. */
  readonly windowMs: number
  /** Queries for how many requests there were in the window, and how many of them were bad. */
  readonly total: string
  readonly bad: string
  /** `refuse`: nothing new comes. `approve`: a person says yes to the release, once. */
  readonly whenSpent: 'refuse' | 'approve'
}

/** What the source said. */
export type SloReading =
  | { readonly kind: 'measured'; readonly total: number; readonly bad: number }
  | { readonly kind: 'silent'; readonly detail: string }

/** Readings by the rule that they are of (`sloKey`). */
export type SloReadings = Readonly<Record<string, SloReading>>

/** Names a rule by what it says, so that the same rule of two releases is read once. */
export const sloKey = (rule: SloRule): string => JSON.stringify(rule)

/** What may stand in a query of an objective. `window` is its time as the source's language writes it. */
export const sloLabels = ['service', 'environment', 'window'] as const

/** How a budget stands. `unmeasured`: nobody knows, which refuses. */
export type Budget = { readonly kind: 'left' | 'spent' | 'unmeasured'; readonly detail: string }

/** How the budget of an environment stands. Where nothing serves, nobody has spent anything. */
export const budgetOf = (
  rule: SloRule,
  { reading, isServing }: { readonly reading: SloReading | undefined; readonly isServing: boolean },
): Budget => {
  const objective = `the objective of ${rule.objectiveBp / 100} % good over ${spanText(rule.windowMs)}`
  if (!isServing) return { kind: 'left', detail: `${objective}: nothing serves yet` }
  if (reading === undefined) return { kind: 'unmeasured', detail: `${objective} was not measured` }
  if (reading.kind === 'silent')
    return { kind: 'unmeasured', detail: `${objective} was not measured: ${reading.detail}` }
  const { total, bad } = reading
  if (!(total > 0))
    return { kind: 'unmeasured', detail: `${objective} was not measured: the source counted no requests` }
  // Tolerated: the bad requests that the objective leaves room for. Exactly all of them is spent.
  const tolerated = (total * (10_000 - rule.objectiveBp)) / 10_000
  const spentPercent = Math.round((100 * bad) / tolerated)
  const counts = `${Math.round(bad)} of ${Math.round(total)} requests were bad`
  const detail = `${objective}: ${counts}, ${spentPercent} % of the error budget`
  return { kind: bad < tolerated ? 'left' : 'spent', detail }
}

/** A query with the place and the window put in, as text inside of a PromQL string. */
export const renderSloQuery = (
  template: string,
  {
    service,
    environment,
    windowMs,
  }: { readonly service: string; readonly environment: string; readonly windowMs: number },
): string => {
  const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  const values = new Map([
    ['service', escaped(service)],
    ['environment', escaped(environment)],
    ['window', `${Math.round(windowMs / 1_000)}s`],
  ])
  return template.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => values.get(name) ?? whole)
}
