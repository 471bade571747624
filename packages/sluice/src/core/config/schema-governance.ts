/** Who says yes, when releases may come, and what must be so before. */
import { z } from 'zod'
import type { GroupQuorum, OverrunPolicy, Policy, WindowRule } from '../governance/types.ts'
import { limits } from '../limits.ts'
import { namesIn } from '../judge/outside/labels.ts'
import { sloLabels, type SloRule } from '../governance/slo.ts'
import { count, key, longDuration, name, positiveDuration, share, text } from './fields.ts'
import type { EnvironmentSettings, PolicySettings } from './settings.ts'
import { durationForm, parseDuration, unitMs } from './units.ts'
import { isZone } from './zones.ts'

const groups = (): z.ZodType<readonly GroupQuorum[]> =>
  z
    .record(text('the name of a group'), count(1, 100), { error: 'expected groups: { security: 1 }' })
    .transform((input) => Object.entries(input).map(([group, wanted]) => ({ group, count: wanted })))

const approvalsObject = z
  .strictObject(
    {
      count: key(count(0, 100).default(1), {
        description: 'How many people must approve.',
        unit: 'people',
        examples: [2],
      }),
      groups: key(groups().optional(), {
        description: 'How many of them must be members of a group; one person in two groups counts for both.',
        examples: [{ security: 1, operations: 1 }],
      }),
      self: key(z.boolean('expected true or false').default(false), {
        description: 'Whether whoever wrote, built or asks for a release may approve it.',
        examples: [true],
      }),
      expireAfter: key(positiveDuration().optional(), {
        description: 'How long an approval counts; by default until its release has been in.',
        examples: ['1d'],
      }),
    },
    { error: 'expected how many people must approve, or { count: 2, groups: { security: 1 } }' },
  )
  .transform(({ count: wanted, groups: of, self, expireAfter }): EnvironmentSettings['approvals'] => ({
    count: Math.max(wanted, ...(of ?? []).map((one) => one.count)),
    ...(of === undefined || of.length === 0 ? {} : { groups: of }),
    ...(self ? { selfApproval: 'allowed' as const } : {}),
    ...(expireAfter === undefined ? {} : { expireAfterMs: expireAfter }),
  }))

/** A number of people, or who they must be. */
export const approvalsSchema: z.ZodType<EnvironmentSettings['approvals']> = z.union(
  [count(0, 100).transform((wanted): EnvironmentSettings['approvals'] => ({ count: wanted })), approvalsObject],
  'expected how many people must approve, or { count: 2, groups: { security: 1 } }',
)

/** RFC 5545, 3.3.10, without what recurs more often than daily: a window is at least a minute long. */
const rulePart =
  /^(?:FREQ=(?:YEARLY|MONTHLY|WEEKLY|DAILY)|INTERVAL=[1-9]\d{0,3}|COUNT=[1-9]\d{0,4}|UNTIL=\d{8}T\d{6}Z|WKST=(?:MO|TU|WE|TH|FR|SA|SU)|BYDAY=[+-]?\d{0,2}(?:MO|TU|WE|TH|FR|SA|SU)(?:,[+-]?\d{0,2}(?:MO|TU|WE|TH|FR|SA|SU))*|BYMONTH=(?:1[0-2]|[1-9])(?:,(?:1[0-2]|[1-9]))*|BYMONTHDAY=-?(?:3[01]|[12]\d|[1-9])(?:,-?(?:3[01]|[12]\d|[1-9]))*|BYHOUR=(?:2[0-3]|1\d|\d)(?:,(?:2[0-3]|1\d|\d))*|BYMINUTE=[1-5]?\d(?:,[1-5]?\d)*|BY(?:SETPOS|YEARDAY|WEEKNO)=-?[1-9]\d{0,2}(?:,-?[1-9]\d{0,2})*)$/

const isRule = (value: string): boolean => {
  const parts = value.split(';')
  const names = parts.map((part) => part.split('=')[0])
  return parts.every((part) => rulePart.test(part)) && names.includes('FREQ') && new Set(names).size === names.length
}

/** RFC 5545, 3.3.6, or a duration as everywhere; whole days are days of the calendar. */
const isoSpan = /^P(?=\d|T\d)(?:(\d{1,2})W|(?:(\d{1,2})D)?(?:T(?=\d)(?:(\d{1,3})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?)$/

const lasting = (value: string): { readonly lastsDays: number; readonly lastsMs: number } | null => {
  const found = isoSpan.exec(value)
  if (found !== null) {
    const [weeks, days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0))
    const ms = (hours ?? 0) * unitMs.h + (minutes ?? 0) * unitMs.m + (seconds ?? 0) * unitMs.s
    return { lastsDays: 7 * (weeks ?? 0) + (days ?? 0), lastsMs: ms }
  }
  const ms = parseDuration(value)
  if (ms === null) return null
  return /^\d+d$/.test(value) ? { lastsDays: ms / unitMs.d, lastsMs: 0 } : { lastsDays: 0, lastsMs: ms }
}

const span: z.ZodType<{ readonly lastsDays: number; readonly lastsMs: number }, string> = z
  .string("expected how long it lasts, such as '9h', '2d' or 'P2DT14H'")
  .refine(
    (value) => durationForm.test(value) || isoSpan.test(value),
    "expected how long it lasts, such as '9h', '2d' or 'P2DT14H'",
  )
  .transform((value) => lasting(value) ?? { lastsDays: 0, lastsMs: 0 })
  .refine(
    ({ lastsDays, lastsMs }) => {
      const ms = lastsDays * unitMs.d + lastsMs
      return ms >= limits.windowMsMin && ms <= limits.windowMsMax
    },
    `expected a window of at least a minute and at most ${limits.windowMsMax / 86_400_000} days`,
  )

const window: z.ZodType<WindowRule> = z
  .strictObject(
    {
      effect: key(z.enum(['allow', 'deny'], "expected 'allow' or 'deny'"), {
        description:
          'Whether releases may come only in this window (`allow`; one of several is enough), or not in it (`deny`, which wins).',
        examples: ['deny'],
      }),
      start: key(
        z
          .string("expected a local time such as '2026-01-02T18:00'")
          .regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$/, {
            error: "expected a local time such as '2026-01-02T18:00'",
          })
          .transform((value) => (value.length === 16 ? `${value}:00` : value)),
        { description: 'When it begins for the first time, in local time of `zone`.', examples: ['2026-01-02T18:00'] },
      ),
      zone: key(
        z
          .string('expected a time zone')
          .refine(isZone, "expected the name of a time zone such as 'Europe/Berlin'")
          .default('UTC'),
        { description: 'IANA time zone; its changes of offset are kept to.', examples: ['Europe/Berlin'] },
      ),
      repeat: key(
        z
          .string('expected a recurrence rule')
          .refine(isRule, "expected a recurrence rule of RFC 5545 such as 'FREQ=WEEKLY;BYDAY=FR'")
          .optional(),
        {
          description: 'How it recurs: a recurrence rule of RFC 5545, daily at the most. Once when absent.',
          examples: ['FREQ=WEEKLY;BYDAY=FR', 'FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24'],
        },
      ),
      for: key(span, {
        description: 'How long it lasts each time; days are days of the calendar, hours are exact.',
        examples: ['9h', 'P2DT14H'],
      }),
      reason: key(text('a reason'), { description: 'Why; shown to whoever is refused.', examples: ['weekend'] }),
    },
    {
      error:
        "expected a window: { effect: 'deny', start: '2026-01-02T18:00', repeat: 'FREQ=WEEKLY', for: '2d', reason: '…' }",
    },
  )
  .transform(({ effect, start, zone, repeat, for: lasts, reason }) => ({
    effect,
    start,
    zone,
    repeat: repeat ?? null,
    ...lasts,
    reason,
  }))

/** Windows. */
export const windowsSchema: z.ZodType<readonly WindowRule[]> = z
  .array(window, 'expected a list of windows')
  .max(limits.windowsMax, `expected at most ${limits.windowsMax} windows`)

/** What becomes of a rollout that is under way. */
export const overrunSchema: z.ZodType<OverrunPolicy | 'finish'> = z.enum(
  ['finish', 'pause', 'abort'],
  "expected 'finish', 'pause' or 'abort'",
)

const who: z.ZodType<NonNullable<Policy['who']>> = z
  .strictObject(
    {
      groups: key(z.array(text('the name of a group')).default([]), {
        description: 'Members of these groups may ask.',
        examples: [['release-managers']],
      }),
      people: key(z.array(text('a name')).default([]), {
        description: 'These people may ask, by login or address.',
        examples: [['ada@example.com']],
      }),
    },
    { error: "expected who may ask: { groups: ['release-managers'] }" },
  )
  .refine(({ groups: of, people }) => of.length + people.length > 0, 'expected at least one group or person')

const errorBudget: z.ZodType<NonNullable<Policy['errorBudget']>> = z
  .strictObject(
    {
      rollbacks: key(count(1, limits.environmentHistoryMax), {
        description: 'So many releases may be taken back; once they were, nothing new comes.',
        unit: 'releases',
        examples: [2],
      }),
      within: key(positiveDuration(), { description: 'The time over which they are counted.', examples: ['7d'] }),
    },
    { error: "expected an error budget: { rollbacks: 2, within: '7d' }" },
  )
  .transform(({ rollbacks, within }) => ({ rollbacks, withinMs: within }))

const known: readonly string[] = sloLabels

/** Over a window, or it would count since the beginning of the counter. */
const sloQuery = (): z.ZodType<string, string> =>
  text('a query')
    .refine(
      (value) => value.length <= limits.queryCharactersMax,
      `expected at most ${limits.queryCharactersMax} characters`,
    )
    .refine(
      (value) => namesIn(value).every((one) => known.includes(one)),
      `expected only these placeholders: ${sloLabels.map((one) => `{{${one}}}`).join(', ')}`,
    )
    .refine((value) => namesIn(value).includes('window'), 'expected {{window}} in it, as the range that is counted')

const slo: z.ZodType<SloRule> = z
  .strictObject(
    {
      objective: key(
        share().refine((bp) => bp >= 5_000 && bp < 10_000, "expected a share from '50%' to '99.99%'"),
        { description: 'Share of the requests that are to be good.', examples: ['99.9%'] },
      ),
      over: key(longDuration(limits.sloWindowMsMin, limits.sloWindowMsMax), {
        description: 'The time over which they are counted, until now.',
        examples: ['28d'],
      }),
      total: key(sloQuery(), {
        description: 'Query for how many requests there were in `{{window}}`.',
        examples: ['sum(increase(sluice_traffic_requests_total{environment="{{environment}}"}[{{window}}]))'],
      }),
      bad: key(sloQuery(), {
        description: 'Query for how many of them were bad.',
        examples: ['sum(increase(sluice_traffic_bad_requests_total{environment="{{environment}}"}[{{window}}]))'],
      }),
      whenSpent: key(z.enum(['refuse', 'approve'], "expected 'refuse' or 'approve'").default('refuse'), {
        description:
          'What becomes of a release once the budget is spent: nothing new comes (`refuse`), or a person says yes to it (`approve`).',
        examples: ['approve'],
      }),
    },
    { error: "expected an objective: { objective: '99.9%', over: '28d', total: '…', bad: '…' }" },
  )
  .transform(({ objective, over, total, bad, whenSpent }) => ({
    objectiveBp: objective,
    windowMs: over,
    total,
    bad,
    whenSpent,
  }))

const policy = z
  .strictObject(
    {
      environments: key(z.array(name()).min(1, 'expected at least one environment').optional(), {
        description: 'Where it holds; everywhere when absent.',
        examples: [['production']],
      }),
      gates: key(z.array(text('the name of a gate')).default([]), {
        description: 'Gates of the run that must have passed; one that was waived does not count.',
        examples: [['tests', 'coverage']],
      }),
      verified: key(z.boolean('expected true or false').default(false), {
        description: 'Whether the checks of the environment before must have passed for the release.',
        examples: [true],
      }),
      soak: key(positiveDuration().optional(), {
        description: 'How long the environment before must have served the release.',
        examples: ['1h'],
      }),
      who: key(who.optional(), {
        description: 'Who may ask for a rollout.',
        examples: [{ groups: ['release-managers'] }],
      }),
      windows: key(windowsSchema.default([]), {
        description: "When releases may come, beside the environment's own windows.",
        examples: [
          [
            {
              effect: 'allow',
              start: '2026-01-05T09:00',
              zone: 'Europe/Berlin',
              repeat: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH',
              for: '7h',
              reason: 'working hours',
            },
          ],
        ],
      }),
      errorBudget: key(errorBudget.optional(), {
        description: 'How many releases may be taken back before nothing new comes.',
        examples: [{ rollbacks: 2, within: '7d' }],
      }),
      slo: key(slo.optional(), {
        description:
          'What share of requests is to be good, and what becomes of releases once the error budget is spent.',
        examples: [
          {
            objective: '99.9%',
            over: '28d',
            total: 'sum(increase(sluice_traffic_requests_total[{{window}}]))',
            bad: 'sum(increase(sluice_traffic_bad_requests_total[{{window}}]))',
          },
        ],
      }),
    },
    { error: "expected a policy: { environments: ['production'], soak: '1h' }" },
  )
  .transform(
    ({
      environments,
      gates,
      verified,
      soak,
      who: allowed,
      windows,
      errorBudget: budget,
      slo: objective,
    }): PolicySettings => ({
      environments: environments ?? null,
      windows,
      rules: {
        ...(gates.length === 0 ? {} : { gates }),
        ...(verified ? { verified } : {}),
        ...(soak === undefined ? {} : { soakMs: soak }),
        ...(allowed === undefined ? {} : { who: allowed }),
        ...(budget === undefined ? {} : { errorBudget: budget }),
        ...(objective === undefined ? {} : { slo: objective }),
      },
    }),
  )

/** Policies, by name. */
export const policiesSchema: z.ZodType<Readonly<Record<string, PolicySettings>>> = z.record(name(), policy, {
  error: "expected policies: { name: { environments: ['production'], soak: '1h' } }",
})
