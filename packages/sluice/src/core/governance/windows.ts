/** From the times at which windows are on to the times at which nothing may come. Whoever reads calendars gives the former; here they are only laid over each other. */
import { isoTime } from '../iso-time.ts'
import type { Closure, WindowRule } from './types.ts'

/** A span of time; `until` is its first moment after. */
export type Span = { readonly from: number; readonly until: number }

/** When a window is on, oldest first, within the span that was looked at. */
export type WindowTimes = { readonly rule: WindowRule; readonly on: readonly Span[] }

/**
 * When nothing may come within a span: while a deny window is on, and while no allow window is, where there are any. Oldest first; they may overlap. One that is still on at
 * the end of the span has no end in sight.
 */
export const closuresIn = (times: readonly WindowTimes[], span: Span): readonly Closure[] => {
  const denied = times
    .filter(({ rule }) => rule.effect === 'deny')
    .flatMap(({ rule, on }) => merged(on).flatMap((one) => closureOf(one, span, rule)))
  const allowing = times.filter(({ rule }) => rule.effect === 'allow')
  // Each policy's allow windows are a set of their own: a release must be in one of every set.
  const sets = [...new Set(allowing.map(({ rule }) => rule.policy))]
  const outside = sets.flatMap((policy) => {
    const own = allowing.filter(({ rule }) => rule.policy === policy)
    const [first] = own
    if (first === undefined) return []
    const open = merged(own.flatMap(({ on }) => on))
    const reason = [...new Set(own.map(({ rule }) => rule.reason))].join(', ')
    return gaps(open, span).flatMap((gap) => closureOf(gap, span, { ...first.rule, reason }))
  })
  return [...denied, ...outside].toSorted((a, b) => a.from - b.from)
}

/** The closures that are on at a moment. */
export const closedAt = (closures: readonly Closure[], at: number): readonly Closure[] =>
  closures.filter(({ from, until }) => from <= at && (until === null || at < until))

/** The first moment from `at` on at which nothing is closed; null where none is in sight. */
export const opensAt = (closures: readonly Closure[], at: number): number | null => {
  let moment = at
  for (const { from, until } of closures.toSorted((a, b) => a.from - b.from)) {
    if (from > moment) break
    if (until === null) return null
    moment = Math.max(moment, until)
  }
  return moment
}

/** A closure in words: `closed until 2026-…: weekend`. */
export const closureText = ({ kind, reason, until, policy }: Closure): string => {
  const what = kind === 'deny' ? 'closed by a window' : 'outside of its windows'
  const named = policy === undefined ? '' : ` (policy ${policy})`
  return `${what} until ${until === null ? 'no end in sight' : isoTime(until)}${named}: ${reason}`
}

const merged = (spans: readonly Span[]): readonly Span[] => {
  const out: Span[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = out.at(-1)
    if (last !== undefined && span.from <= last.until)
      out[out.length - 1] = { ...last, until: Math.max(last.until, span.until) }
    else out.push(span)
  }
  return out
}

const gaps = (open: readonly Span[], { from, until }: Span): readonly Span[] => {
  const out: Span[] = []
  let at = from
  for (const span of open) {
    if (span.from > at) out.push({ from: at, until: Math.min(span.from, until) })
    at = Math.max(at, span.until)
  }
  if (at < until) out.push({ from: at, until })
  return out
}

const closureOf = ({ from, until }: Span, looked: Span, rule: WindowRule): readonly Closure[] => {
  if (until <= looked.from || from >= looked.until) return []
  const policy = rule.policy === undefined ? {} : { policy: rule.policy }
  return [{ from, until: until >= looked.until ? null : until, kind: rule.effect, reason: rule.reason, ...policy }]
}
