/** Recurring windows by `rrule-temporal`: RFC 5545 on zoned times, so that 18:00 in Berlin is 18:00 in summer and in winter. */
import { RRuleTemporal } from 'rrule-temporal'
import { SluiceError } from '../../core/errors.ts'
import type { WindowRule } from '../../core/governance/types.ts'
import type { Span } from '../../core/governance/windows.ts'

/** A day of a zone that changes its offset is at most 25 hours long. */
const dayMsMax = 25 * 3_600_000

/** When a window is on: every time of it that overlaps the span, whole, oldest first. `config_invalid`. */
export const timesOf = (rule: WindowRule, { from, until }: Span): readonly Span[] => {
  const reachMs = rule.lastsDays * dayMsMax + rule.lastsMs
  try {
    // What began before the span may still be on in it.
    const starts = recurrence(rule).between(new Date(from - reachMs), new Date(until), true)
    return starts
      .map((start) => ({
        from: start.epochMilliseconds,
        until: start.add({ days: rule.lastsDays, milliseconds: rule.lastsMs }).epochMilliseconds,
      }))
      .filter((one) => one.until > from && one.from < until)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw new SluiceError('config_invalid', {
      detail: `the window "${rule.reason}" (${rule.repeat ?? 'once'} from ${rule.start} in ${rule.zone}) cannot be read: ${said}`,
      hint: 'mend windows in sluice.config.ts, then: sluice validate',
    })
  }
}

/** Without a rule it happens once. */
const recurrence = ({ start, zone, repeat }: WindowRule): RRuleTemporal => {
  const beginning = start.replace(/[-:]/g, '')
  const rruleString = `DTSTART;TZID=${zone}:${beginning}\nRRULE:${repeat ?? 'FREQ=DAILY;COUNT=1'}`
  return new RRuleTemporal({ rruleString, strict: true })
}
