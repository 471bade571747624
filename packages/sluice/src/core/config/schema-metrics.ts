/** Schema of what judges from outside: a metric source, and an external judge. */
import { z } from 'zod'
import { labelNames, namesIn, tellingLabels } from '../judge/outside/labels.ts'
import { limits } from '../limits.ts'
import { count, key, name, positiveDuration, share, text, variableName } from './fields.ts'
import type { ExternalJudgeSettings, MetricsSettings } from './settings.ts'

const between = (min: number, max: number): z.ZodType<number, number> => {
  const message = `expected a number from ${min} to ${max}`
  return z.number(message).min(min, message).max(max, message)
}

const address = (): z.ZodType<string, string> => {
  const message = "expected an address such as 'http://127.0.0.1:9090', without user or password"
  return z.string(message).refine((value) => isAddress(value), message)
}

const isAddress = (value: string): boolean => {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}

const timeout = (): z.ZodType<number, string> =>
  positiveDuration().refine(
    (ms) => ms <= limits.sourceTimeoutMsMax,
    `expected at most ${limits.sourceTimeoutMsMax / 1_000}s: a look at the counts takes no longer`,
  )

const known: readonly string[] = labelNames

const query = (): z.ZodType<string, string> =>
  text('a query')
    .refine(
      (value) => value.length <= limits.queryCharactersMax,
      `expected at most ${limits.queryCharactersMax} characters`,
    )
    .refine(
      (value) => namesIn(value).every((one) => known.includes(one)),
      `expected only these placeholders: ${labelNames.map((one) => `{{${one}}}`).join(', ')}`,
    )
    .refine(
      (value) => namesIn(value).some((one) => tellingLabels.includes(one)),
      `expected one of ${tellingLabels.map((one) => `{{${one}}}`).join(', ')}, or both releases have the same counter`,
    )

const counter = z.strictObject(
  {
    total: key(query(), {
      description: 'Query of the counter of everything, with `{{release}}` or another label of the arm in it.',
      examples: ['http_requests_total{release="{{release}}"}'],
    }),
    bad: key(query(), {
      description: 'Query of the counter of what was bad among it.',
      examples: ['http_requests_total{release="{{release}}",code=~"5.."} or vector(0)'],
    }),
    tolerance: key(between(1, 100).default(1), {
      description: 'How many times the bad rate of the old release the new one may have here.',
      unit: 'ratio',
      examples: [1.25],
    }),
    ignoreBelow: key(share().prefault('0.05%'), {
      description: 'A release whose own bad share is not above this is never stopped by these counters.',
      examples: ['0.1%'],
    }),
    unitsMin: key(count(1, 1_000_000_000).default(1), {
      description: 'How much the counter of everything must have counted of the new release before anything passes.',
      unit: 'what is counted',
      examples: [100],
    }),
  },
  { error: "expected a pair of counters: { total: '…', bad: '…' }" },
)

/** Settings of a metric source. */
export const metricsSchema: z.ZodType<MetricsSettings> = z
  .strictObject(
    {
      kind: key(z.literal('prometheus', "expected kind to be 'prometheus'").default('prometheus'), {
        description: 'What kind of source it is.',
        examples: ['prometheus'],
      }),
      url: key(address(), {
        description: 'Where the source answers, without the path of its API.',
        examples: ['http://127.0.0.1:9090'],
      }),
      authorization: key(variableName().optional(), {
        description: 'Name of the secret that is sent as the Authorization header.',
        examples: ['PROMETHEUS_AUTHORIZATION'],
      }),
      interval: key(positiveDuration().prefault('5s'), {
        description: 'How often the counters are read.',
        examples: ['15s'],
      }),
      timeout: key(timeout().prefault('2s'), {
        description: 'How long the source may take for an answer.',
        examples: ['2s'],
      }),
      staleAfter: key(positiveDuration().prefault('2m'), {
        description: 'Counters older than this mean that the judge cannot see.',
        examples: ['2m'],
      }),
      alpha: key(between(0.000_001, 0.5).default(0.001), {
        description:
          'Highest probability that these counters ever stop a release no worse than tolerated, beside the `alpha` of the judge.',
        unit: 'probability',
        examples: [0.001],
      }),
      counters: key(
        z
          .record(name(), counter, { error: "expected counters: { checkout: { total: '…', bad: '…' } }" })
          .refine((value) => Object.keys(value).length > 0, 'expected at least one pair of counters')
          .refine(
            (value) => Object.keys(value).length <= limits.metricsMax,
            `expected at most ${limits.metricsMax} pairs of counters`,
          ),
        {
          description: 'Pairs of counters that are judged, by name.',
          examples: [
            {
              checkout: {
                total: 'checkouts_total{release="{{release}}"}',
                bad: 'checkouts_failed_total{release="{{release}}"}',
              },
            },
          ],
        },
      ),
    },
    { error: "expected a metric source: { url: 'http://…', counters: { … } }" },
  )
  .transform(({ interval, timeout: timeoutMs, staleAfter, authorization, counters, ...rest }) => ({
    ...rest,
    authorization: authorization ?? null,
    intervalMs: interval,
    timeoutMs,
    staleAfterMs: staleAfter,
    metrics: Object.entries(counters).map(([own, { ignoreBelow, ...pair }]) => ({
      name: own,
      ...pair,
      ignoreBelow: ignoreBelow / 10_000,
    })),
  }))

/** Settings of an external judge. */
export const externalJudgeSchema: z.ZodType<ExternalJudgeSettings> = z
  .strictObject(
    {
      url: key(address(), {
        description: 'Where it is asked, as Spinnaker asks a deployment monitor.',
        examples: ['https://judge.example.com/deployment/evaluateHealth'],
      }),
      authorization: key(variableName().optional(), {
        description: 'Name of the secret that is sent to it as the Authorization header.',
        examples: ['JUDGE_AUTHORIZATION'],
      }),
      interval: key(positiveDuration().prefault('30s'), { description: 'How often it is asked.', examples: ['30s'] }),
      timeout: key(timeout().prefault('3s'), {
        description: 'How long it may take for an answer.',
        examples: ['3s'],
      }),
      parameters: key(
        z.record(z.string(), z.string('expected text'), { error: 'expected parameters: { name: text }' }).default({}),
        {
          description: 'Handed to it as they are.',
          examples: [{ team: 'shop' }],
        },
      ),
    },
    { error: "expected an external judge: { url: 'https://…' }" },
  )
  .transform(({ interval, timeout: timeoutMs, authorization, ...rest }) => ({
    ...rest,
    authorization: authorization ?? null,
    intervalMs: interval,
    timeoutMs,
  }))
