/** A plan in the terminal: forward, what it exposes, who has a say, and how it would be undone. */
import { isoTime } from '../../core/iso-time.ts'
import type { PlanView } from '../../http/client/plan-views.ts'
import { countOf, percentOf, spanOf } from '../../http/client/words.ts'
import type { Style } from './style.ts'

/** A plan as lines. */
export const planLines = (plan: PlanView, style: Style): readonly string[] => [
  `${style.bold(plan.environment)}  ${plan.purpose} ${plan.from?.version ?? 'nothing'} ${style.arrow} ${plan.to.version}   ${plan.strategy}   ${style.dim('nothing was changed')}`,
  ...plan.steps.map(
    (step, index) => `${numbered(index)}${step.text}${style.dim(exposedAt(plan.exposure.stages, index, style))}`,
  ),
  ...factLines(plan, style),
  ...wayBackLines(plan, style),
  ...(plan.refusals.length === 0
    ? [`  ${style.mark('done')} it would be admitted now   ${style.dim(`sluice ${plan.purpose} ${plan.environment}`)}`]
    : plan.refusals.map((refusal) => `  ${style.mark('failed')} ${refusal.detail}   ${style.dim(refusal.hint)}`)),
]

const numbered = (index: number): string => `  ${String(index + 1).padStart(2)}  `
const about = (style: Style): string => (style.unicode ? '≈ ' : '~')
const number = (count: number): string => count.toLocaleString('en')

const exposedAt = (stages: PlanView['exposure']['stages'], index: number, style: Style): string => {
  const stage = stages.find(({ step }) => step === index)
  if (stage === undefined || stage.shareBp === 10_000) return ''
  const requests = stage.requests === null ? '' : `, ${about(style)}${countedRequests(stage.requests)}`
  switch (stage.waitsFor) {
    case 'nothing':
      return ''
    case 'person':
      return '   until somebody says go on'
    case 'time':
    case 'evidence':
      return `   for at least ${spanOf(stage.atLeastMs)}${requests}`
  }
}

const countedRequests = (count: number): string => `${number(count)} request${count === 1 ? '' : 's'}`

const factLines = (plan: PlanView, style: Style): readonly string[] => {
  const rows: readonly (readonly [string, string | null])[] = [
    ['exposure', exposureText(plan, style)],
    ['judge', judgeText(plan, style)],
    [
      'gates',
      plan.gates.length === 0
        ? 'none: nothing stands in the way of a rollback'
        : plan.gates.map(({ text, met }) => `${style.mark(met ? 'done' : 'failed')} ${text}`).join('  '),
    ],
    ...plan.windows.map(
      ({ from, until, reason, by }) =>
        ['window', `frozen from ${isoTime(from)} until ${isoTime(until)} by ${by}: ${reason}`] as const,
    ),
    ...plan.closures.map((one) => ['closed', closureText(one)] as const),
    ...plan.policies.map(
      ({ policy, met, detail, hint }) =>
        [
          'policy',
          `${style.mark(met ? 'done' : 'failed')} ${policy}: ${detail}${met ? '' : `   ${style.dim(hint)}`}`,
        ] as const,
    ),
    ['checks', checksText(plan)],
    ['migrations', plan.migrations.length === 0 ? 'none' : plan.migrations.map(migrationText).join(', ')],
    ['no return', pointOfNoReturn(plan, style)],
    ['changes', changesText(plan, style)],
  ]
  return rows.flatMap(([name, text]) => (text === null ? [] : [`  ${style.dim(name.padEnd(10))} ${text}`]))
}

const closureText = ({ from, until, kind, reason, policy }: PlanView['closures'][number]): string => {
  const what = kind === 'deny' ? 'by a window' : 'outside of its windows'
  const named = policy === null ? '' : ` (policy ${policy})`
  return `${what} from ${isoTime(from)} until ${until === null ? 'no end in sight' : isoTime(until)}${named}: ${reason}`
}

const migrationText = ({ name, class: kind }: PlanView['migrations'][number]): string => `${name} (${kind})`

const pointOfNoReturn = ({ migrations, from }: PlanView, style: Style): string | null => {
  const contracts = migrations.filter((migration) => migration.class === 'contract').map(({ name }) => name)
  if (contracts.length === 0) return null
  return `${style.mark('failed')} after ${contracts.join(', ')} a rollback to ${from?.version ?? 'what was before'} is refused: it takes away what that release needs`
}

/** What comes along with the code, and so comes back with it. */
const changesText = ({ changes }: PlanView, style: Style): string | null => {
  const told = (value: string | null): string =>
    value === null ? 'none' : value.startsWith('sha256:') ? value.slice(0, 19) : value
  const each = changes.map(
    ({ what, name, from, to }) => `${what === name ? '' : `${what} `}${name}: ${told(from)} ${style.arrow} ${told(to)}`,
  )
  return each.length === 0 ? null : `${each.join('; ')}   ${style.dim('comes back with a rollback')}`
}

const exposureText = ({ exposure, from }: PlanView, style: Style): string | null => {
  if (from === null) return 'nothing serves now: there is nobody to hurt'
  const { stages, requestsPerSecond } = exposure
  const before = stages.filter(({ shareBp }) => shareBp < 10_000)
  const isAllAtOnce = before.length === 0
  if (isAllAtOnce) return 'all of the traffic at once'
  const shares = before.map(({ shareBp }) => percentOf(shareBp)).join(', ')
  const ms = before.reduce((sum, { atLeastMs }) => sum + atLeastMs, 0)
  const requests = before.reduce((sum, one) => sum + (one.requests ?? 0), 0)
  const time = `at least ${spanOf(ms)}${before.some(({ waitsFor }) => waitsFor === 'person') ? ' and what people take' : ''}`
  return requestsPerSecond === null
    ? `${shares}, then all of it; ${time} before that   ${style.dim('--traffic <requests per second> tells how many requests')}`
    : `${about(style)}${countedRequests(requests)} in ${time} before it has all traffic, at ${countedRequests(requestsPerSecond)}/s`
}

const judgeText = ({ stops }: PlanView, style: Style): string | null => {
  if (stops === null) return null
  const each = stops.forecasts.map(
    ({ candidateRate, requests, bad }) =>
      `${rateOf(candidateRate)} bad: ${about(style)}${countedRequests(requests)}, ${bad} of them bad`,
  )
  const assumed = stops.isAssumed ? ' assumed' : ''
  return `stops it at ${percentOf(stops.shareBp)} after, if ${each.join('; ')}   ${style.dim(`false alarms at most ${rateOf(stops.alpha)}; bad now: ${rateOf(stops.stableRate)}${assumed}`)}`
}

const rateOf = (rate: number): string => `${Number((100 * rate).toPrecision(3))} %`

const checksText = ({ checks }: PlanView): string => {
  const { candidate, environment } = checks
  const parts = [
    ...(candidate.length === 0 ? [] : [`before it has traffic: ${candidate.join(', ')}`]),
    ...(environment.length === 0 ? [] : [`of the environment: ${environment.join(', ')}`]),
  ]
  return parts.length === 0 ? 'none' : parts.join('; ')
}

const wayBackLines = ({ wayBack, wayBackCold, coldFrom, from, steps }: PlanView, style: Style): readonly string[] => {
  if (wayBack.length === 0) return [style.dim('  the way back: none is needed')]
  const told = (lines: PlanView['wayBack']): readonly string[] =>
    lines.map((step, index) => style.dim(`${numbered(index)}${step.text}`))
  const until = coldFrom === null ? 'at any moment' : `until step ${coldFrom + 1} of ${countOf(steps.length, 'step')}`
  return [
    style.dim(`  the way back, ${until}:`),
    ...told(wayBack),
    ...(coldFrom === null
      ? []
      : [
          style.dim(
            `  the way back from step ${coldFrom + 1} on, once ${from?.version ?? 'the old release'} is retired:`,
          ),
          ...told(wayBackCold),
        ]),
  ]
}
