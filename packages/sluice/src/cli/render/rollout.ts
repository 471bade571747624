/** A rollout in the terminal: live, as lines of change, and as a report at its end. Pure: data in, lines out; the demo uses it too. */
import type { ApartView } from '../../http/client/routing-views.ts'
import type { ArmView, RolloutDetailView, StepView, TrafficView } from '../../http/client/views.ts'
import { badOf, countOf, evidenceOf, hotfixText, percentOf, spanOf } from '../../http/client/words.ts'
import { reportLines } from './error.ts'
import { pad, type Mark, type Style } from './style.ts'
import { clockOf } from './times.ts'

/** Steps shown around the current one; the rest is counted. */
const doneShown = 2
const waitingShown = 3
const barWidth = 24

/** Whether nothing more will happen by itself. */
export const isOver = ({ status }: Pick<RolloutDetailView, 'status'>): boolean =>
  status === 'succeeded' || status === 'rolled_back' || status === 'parked'

/** The whole live view. */
export const rolloutLines = (rollout: RolloutDetailView, style: Style): readonly string[] => [
  headLine(rollout, style),
  ...stepLines(rollout, style),
  ...causeLines(rollout, style),
  ...observedLines(rollout, style),
  ...instanceLines(rollout, style),
  ...nextLines(rollout, style),
]

const observedLines = ({ observed }: RolloutDetailView, style: Style): readonly string[] =>
  observed === null || observed.traffic === null ? [] : trafficLines(observed.traffic, style)

const titles: Readonly<Record<RolloutDetailView['purpose'], string>> = {
  deploy: 'deploy',
  promote: 'promote',
  rollback: 'roll back',
}

/** `storefront → production   1.4.0 → 1.4.1   canary   00:00:42`. */
const headLine = (rollout: RolloutDetailView, style: Style): string => {
  const from = rollout.from === null ? 'nothing' : rollout.from.version
  const elapsedMs = (rollout.settledAt ?? rollout.now) - rollout.startedAt
  const parts = [
    style.bold(`${rollout.service} ${style.arrow} ${rollout.environment}`),
    `${titles[rollout.purpose]} ${from} ${style.arrow} ${rollout.to.version}`,
    rollout.strategy === rollout.purpose ? '' : rollout.strategy,
    rollout.hotfix === null ? '' : hotfixText(rollout.hotfix),
    style.dim(rollout.id),
    clockOf(elapsedMs),
  ]
  return parts.filter((part) => part !== '').join('   ')
}

const marks: Readonly<Record<StepView['status'], Mark>> = {
  done: 'done',
  current: 'current',
  waiting: 'waiting',
  failed: 'failed',
  not_reached: 'waiting',
}

const stepLines = (rollout: RolloutDetailView, style: Style): readonly string[] => {
  if (rollout.wayBack.length === 0) return visibleSteps(rollout.steps, rollout, style)
  const failed = rollout.steps.filter(({ status }) => status === 'failed')
  return [
    ...visibleSteps(failed, { ...rollout, stage: null }, style),
    `${style.mark('back')} the way back`,
    ...visibleSteps(rollout.wayBack, rollout, style).map((line) => `  ${line}`),
  ]
}

const visibleSteps = (
  steps: readonly StepView[],
  { stage, paused }: Pick<RolloutDetailView, 'stage' | 'paused'>,
  style: Style,
): readonly string[] => {
  const done = steps.filter(({ status }) => status === 'done')
  const rest = steps.filter(({ status }) => status !== 'done')
  const hiddenDone = Math.max(0, done.length - doneShown)
  const shownRest = rest.slice(0, waitingShown + 1)
  const hiddenRest = rest.length - shownRest.length
  return [
    ...(hiddenDone === 0 ? [] : [`${style.mark('done')} ${style.dim(`${countOf(hiddenDone, 'step')} before`)}`]),
    ...done.slice(hiddenDone).map((step) => `${style.mark('done')} ${style.dim(step.text)}`),
    ...shownRest.map((step) => {
      if (step.status !== 'current') return `${style.mark(marks[step.status])} ${style.dim(step.text)}`
      const suffix = stage === null || stage.kind === 'ready' ? '' : `   ${style.dim(stage.text)}`
      return `${style.mark(paused === null ? 'current' : 'paused')} ${step.text}${suffix}`
    }),
    ...(hiddenRest === 0 ? [] : [style.dim(`  ${style.ellipsis} ${hiddenRest} more`)]),
  ]
}

const causeLines = ({ cause, paused }: RolloutDetailView, style: Style): readonly string[] => {
  if (cause !== null) return [`${style.mark('failed')} ${cause.text}`]
  return paused === null ? [] : [`${style.mark('paused')} paused: ${paused.text}`]
}

const label = (name: string, style: Style): string => `  ${style.dim(name.padEnd(10))}`

/** What the data plane shows: the split, bad responses of each arm with their counts, the evidence against its limit, latency. */
export const trafficLines = (traffic: TrafficView, style: Style): readonly string[] => {
  const { arms } = traffic
  if (arms.length === 0) return [`${label('traffic', style)}no release has traffic`]
  const wide = Math.max(...arms.map(({ release }) => release.version.length))
  return [
    `${label('traffic', style)}${splitText(arms, style)}${traffic.paused ? style.warn('   requests are held') : ''}`,
    ...(traffic.trip === null
      ? []
      : [
          `${label('tripwire', style)}${style.bad(`cut at ${percentOf(traffic.trip.shareBp)}`)} of the traffic, E = ${evidenceOf(traffic.trip.logE)}`,
        ]),
    ...arms.map((arm) => `${label(arm.arm, style)}${armText(arm, wide, style)}`),
    ...(traffic.apart ?? []).map((one) => `${label('apart', style)}${apartText(one, style)}`),
    ...evidenceLines(traffic, style),
  ]
}

const whys: Readonly<Record<ApartView['why'], string>> = {
  rule: 'sent there by a rule',
  preview: 'looked at it before the switch',
  skew: 'stayed with their release',
  asset: 'assets of another release',
  mirror: 'mirrored copies',
}

const apartText = ({ why, release, requests, bad, skipped }: ApartView, style: Style): string =>
  `${release.version} ${requests.toLocaleString('en')} requests, ${bad.toLocaleString('en')} bad   ${style.dim(`${whys[why]}, not judged${skipped === 0 ? '' : `; ${skipped.toLocaleString('en')} left out`}`)}`

const splitText = (arms: readonly ArmView[], style: Style): string => {
  const ordered = [...arms].toSorted((a, b) => (a.arm === 'stable' ? -1 : b.arm === 'stable' ? 1 : 0))
  const candidate = ordered.find(({ arm }) => arm === 'candidate')
  const share = (candidate?.shareBp ?? 0) / 10_000
  const parts = ordered.map(({ release, shareBp }) => `${release.version} ${percentOf(shareBp)}`)
  return `${style.bar(1 - share, barWidth)}  ${parts.join(`  ${style.dot}  `)}`
}

const armText = (arm: ArmView, wide: number, style: Style): string => {
  const bad = `${arm.requests.toLocaleString('en')} requests, ${arm.bad.toLocaleString('en')} bad${arm.requests === 0 ? '' : ` (${((100 * arm.bad) / arm.requests).toFixed(2)} %)`}`
  const latency = arm.p99Ms === null ? '' : `   ${style.dim(`p50 ≤ ${arm.p50Ms ?? '?'} ms, p99 ≤ ${arm.p99Ms} ms`)}`
  return `${pad(arm.release.version, wide)} ${arm.bad > 0 ? style.warn(bad) : bad}${style.unicode ? latency : latency.replaceAll('≤', '<=')}`
}

const evidenceLines = ({ logE, limitLogE }: TrafficView, style: Style): readonly string[] => {
  if (logE === null || limitLogE === null) return []
  const share = Math.max(0, Math.min(1, logE / limitLogE))
  const text = `E = ${evidenceOf(logE)} of ${evidenceOf(limitLogE)}, where it is stopped`
  return [`${label('evidence', style)}${style.bar(share, barWidth)}  ${share >= 0.5 ? style.warn(text) : text}`]
}

const instanceLines = ({ observed, unhealthy }: RolloutDetailView, style: Style): readonly string[] => {
  const instances = observed?.instances ?? null
  if (instances === null || instances.length === 0) return []
  const versions = [...new Set(instances.map(({ release }) => release.version))]
  const parts = versions.map((version) => {
    const own = instances.filter(({ release }) => release.version === version)
    const counts = (['running', 'starting', 'exited'] as const)
      .map((status) => ({ status, count: own.filter((one) => one.status === status).length }))
      .filter(({ count }) => count > 0)
    return `${version} ${counts.map(({ status, count }) => `${count} ${status}`).join(', ')}`
  })
  const sick = unhealthy.length === 0 ? '' : `  ${style.bad(`${unhealthy.length} unhealthy`)}`
  return [`${label('instances', style)}${parts.join(`  ${style.dot}  `)}${sick}`]
}

const nextLines = (rollout: RolloutDetailView, style: Style): readonly string[] => {
  const { stage, id, paused } = rollout
  if (paused !== null) return [`${label('next', style)}sluice rollout resume ${id}   or   sluice rollout abort ${id}`]
  if (stage?.kind === 'awaiting') return [`${label('next', style)}sluice approve ${id} -m "why"`]
  if (stage === null || stage.until === null || stage.kind !== 'resting') return []
  const leftMs = stage.until - rollout.now
  return leftMs > 0 ? [`${label('next', style)}in ${spanOf(Math.ceil(leftMs / 1_000) * 1_000)}`] : []
}

/** What changed from one look to the next, one line each; for logs and pipes. `before` is null at the first look. */
export const rolloutChanges = (before: RolloutDetailView | null, after: RolloutDetailView): readonly string[] => {
  const lines: string[] = []
  const wasPaused = (before?.paused ?? null) !== null
  if (before === null) {
    const from = after.from === null ? 'nothing' : after.from.version
    lines.push(
      `${after.id} ${titles[after.purpose]} ${after.environment} ${from} -> ${after.to.version} (${after.strategy})`,
    )
  }
  lines.push(...stepChanges(before?.steps ?? [], after.steps))
  const turned = after.cause !== null && (before?.cause ?? null) === null
  const isTurning = after.status === 'reverting' && before?.status !== 'reverting'
  // Why it goes back comes before how.
  if (turned) lines.push(`turned back: ${after.cause.text}`)
  if (isTurning) lines.push('reverting')
  // Of a way back that was seen to begin every step is told, however many were over by the next look.
  const untouched = after.wayBack.map((step): StepView => ({ ...step, status: 'waiting' }))
  const backBefore = before !== null && before.wayBack.length === 0 ? untouched : (before?.wayBack ?? [])
  lines.push(...stepChanges(backBefore, after.wayBack).map((line) => `way back: ${line}`))
  if (after.paused !== null && before?.paused?.text !== after.paused.text) lines.push(`paused: ${after.paused.text}`)
  if (after.paused === null && wasPaused && after.status === 'advancing') lines.push('goes on')
  if (after.stage?.kind === 'backing_off' && before?.stage?.text !== after.stage.text) lines.push(after.stage.text)
  const isToldNow = before?.status !== after.status && after.status !== 'advancing' && !isTurning
  if (isToldNow) lines.push(after.status.replace('_', ' '))
  return lines
}

const stepChanges = (before: readonly StepView[], after: readonly StepView[]): readonly string[] =>
  after.flatMap((step, index) => {
    const was = before[index]?.status
    if (step.status === was || step.status === 'waiting' || step.status === 'not_reached') return []
    const place = `step ${index + 1}/${after.length}`
    if (step.status === 'done') return was === undefined ? [] : [`${place} done: ${step.text}`]
    return [`${place} ${step.status === 'failed' ? 'not finished' : 'begins'}: ${step.text}`]
  })

/** The report at the end: what · why · evidence · now · next. `now` says what was observed afterwards. */
export const rolloutReport = (rollout: RolloutDetailView, now: string | null, style: Style): readonly string[] => {
  const elapsed = spanOf((rollout.settledAt ?? rollout.now) - rollout.startedAt)
  const name = `${rollout.to.version} in ${rollout.environment}`
  const verdict = rollout.lastVerdict
  const counts = verdict === null ? null : `candidate ${badOf(verdict.candidate)}, stable ${badOf(verdict.stable)}`
  switch (rollout.status) {
    case 'succeeded':
      return reportLines(
        {
          mark: 'done',
          what: `${style.bold(`${rollout.environment} serves ${rollout.to.version}`)}, after ${elapsed}`,
          why: counts,
          evidence: [],
          now,
          next: null,
          more: null,
        },
        style,
      )
    case 'rolled_back':
      return reportLines(
        {
          // Turned around by a person: that is no failure.
          mark: rollout.cause?.kind === 'abort' ? 'back' : 'failed',
          what:
            rollout.cause?.kind === 'abort'
              ? `${style.bold(name)} is taken back, after ${elapsed}`
              : `${style.bold('SLU-1303')}  Rolled back ${name}, after ${elapsed}`,
          why: rollout.cause?.text ?? counts,
          evidence: rollout.cause?.evidence ?? [],
          now,
          next: `sluice why ${rollout.id}`,
          more: null,
        },
        style,
      )
    default:
      return reportLines(
        {
          mark: 'warn',
          what: `${name}: ${rollout.status.replace('_', ' ')}, after ${elapsed}`,
          why: rollout.cause?.text ?? rollout.paused?.text ?? null,
          evidence: rollout.cause?.evidence ?? [],
          now,
          next:
            rollout.status === 'parked' ? `sluice rollout retry ${rollout.id}` : `sluice rollout watch ${rollout.id}`,
          more: null,
        },
        style,
      )
  }
}
