/** Small releases for the simulators: every strategy in a few sizes, and their plans, made once. */
import {
  commitId,
  digest,
  type EnvironmentSpec,
  type Release,
  type ReleaseId,
  releaseId,
  runId,
} from '../../../src/core/model.ts'
import type { Amount, CanaryStep, Hook, HookMoment, Strategy } from '../../../src/core/strategy.ts'
import { type PlanInput, planRollout } from '../../../src/core/rollout/plan.ts'
import { simulatedJudge, simulatedMetrics } from './outside-spec.ts'
import type { Purpose, RolloutPlan } from '../../../src/core/rollout/types.ts'

/** The name of the simulated environment. */
export const environmentName = 'production'
/** The name of the simulated service. */
export const serviceName = 'shop'
/** Releases that one schedule may know. */
export const slotCount = 5
/** Instances that one release may have. */
export const instancesMax = 3

type Variant = {
  readonly strategy: Strategy
  readonly instances: number
  readonly extras?: Pick<EnvironmentSpec, 'onFail' | 'hooks'>
}

const bake = (shareBp: number, bakeMs: number, unitsMin: number): CanaryStep => ({
  kind: 'bake',
  shareBp,
  bakeMs,
  unitsMin,
})
const canary = (steps: readonly CanaryStep[], bakeMs: number, keepPrevious: boolean): Strategy => ({
  kind: 'canary',
  steps,
  bakeMs,
  keepPrevious,
})
const rolling = (
  batchSize: number,
  pauseMs: number,
  maxFailurePercent: number,
): Extract<Strategy, { kind: 'rolling' }> => ({
  kind: 'rolling',
  batchSize,
  pauseMs,
  maxFailurePercent,
})

const testers = [[{ kind: 'header', name: 'x-preview', value: null }]] as const
const count = (number: number): Amount => ({ kind: 'count', count: number })
const holdback = { shareBp: 200, bakeMs: 250, unitsMin: 1 }

const hook = (at: HookMoment, onTimeout: Hook['onTimeout']): Hook => ({
  name: at.replace(' ', '-'),
  at,
  target: { kind: 'http', url: 'http://127.0.0.1/' },
  timeoutMs: 120_000,
  onTimeout,
})

/** Every strategy, in the sizes that make a difference. */
export const variants: readonly Variant[] = [
  { strategy: rolling(1, 0, 0), instances: 1 },
  { strategy: rolling(1, 0, 0), instances: 2 },
  { strategy: rolling(2, 250, 34), instances: 3 },
  { strategy: { kind: 'blueGreen', bakeMs: 250, keepPrevious: false }, instances: 1 },
  {
    strategy: { kind: 'blueGreen', bakeMs: 0, keepPrevious: true, previewListen: { host: '127.0.0.1', port: 8_090 } },
    instances: 2,
  },
  { strategy: canary([bake(2_000, 250, 1)], 0, false), instances: 1 },
  { strategy: canary([bake(500, 250, 5), { kind: 'approve', shareBp: 5_000 }], 250, true), instances: 2 },
  { strategy: canary([{ kind: 'approve', shareBp: 1_000 }], 0, false), instances: 1 },
  { strategy: { kind: 'recreate' }, instances: 1 },
  { strategy: { kind: 'recreate' }, instances: 2 },
  {
    strategy: {
      kind: 'canary',
      steps: [
        { kind: 'pause', shareBp: 0, pauseMs: 250, routes: testers, mirrorBp: 1_000, scale: count(1) },
        { ...bake(2_000, 250, 1), scale: { kind: 'percent', percent: 50 }, verify: true },
      ],
      bakeMs: 0,
      keepPrevious: true,
      holdback,
    },
    instances: 2,
  },
  { strategy: { ...rolling(1, 250, 0), surge: { maxSurge: count(1), maxUnavailable: count(0) } }, instances: 3 },
  {
    strategy: { ...rolling(1, 0, 34), surge: { maxSurge: count(0), maxUnavailable: { kind: 'percent', percent: 50 } } },
    instances: 3,
  },
  {
    strategy: {
      kind: 'blueGreen',
      bakeMs: 250,
      keepPrevious: false,
      preview: testers,
      verify: true,
      approve: true,
      holdback,
    },
    instances: 2,
    extras: { onFail: 'pause' },
  },
  {
    strategy: canary([bake(1_000, 250, 1)], 250, false),
    instances: 1,
    extras: {
      onFail: 'pause',
      hooks: [
        hook('before start', 'rollback'),
        hook('after start', 'continue'),
        hook('before traffic', 'pause'),
        hook('after promotion', 'rollback'),
        hook('revert', 'rollback'),
      ],
    },
  },
]

const specOf = ({ strategy, instances, extras }: Variant): EnvironmentSpec => ({
  name: environmentName,
  after: null,
  listen: { host: '127.0.0.1', port: 8080 },
  instances,
  config: {},
  secretVersions: {},
  strategy,
  health: { path: '/', intervalMs: 100, timeoutMs: 100, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 2_000 },
  judge: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 300, staleAfterMs: 1_500 },
  // Environments of two instances that judge: others are asked too.
  ...(strategy.kind === 'canary' && instances === 2
    ? { metrics: simulatedMetrics, externalJudge: simulatedJudge }
    : {}),
  sticky: { kind: 'none' },
  drainTimeoutMs: 500,
  stopGraceMs: 300,
  progressDeadlineMs: 60_000,
  approvals: 0,
  freeze: [],
  ...extras,
  rollback: {
    triggers: {
      watchMs: 3_000,
      intervalMs: 500,
      errorRate: { above: 0.5, forMs: 1_000, requestsMin: 3 },
    },
  },
})

const zeros = '0'.repeat(62)

const makeRelease = (variant: number, slot: number): Release => {
  const found = variants[variant]
  if (found === undefined) throw new Error(`no variant ${variant}`)
  return {
    id: releaseId(`rel_${zeros}${variant.toString(16)}${slot}`),
    cutBy: runId('run_0'),
    cutAt: 0,
    content: {
      schema: 1,
      service: serviceName,
      version: `1.${slot}.0`,
      commit: { id: commitId('0'.repeat(40)), subject: 'A change', author: 'ada', committedAt: 0 },
      artifacts: [{ name: 'app', digest: digest(`sha256:${'0'.repeat(64)}`), bytes: 1 }],
      start: { command: 'node main.js', artifact: 'app' },
      environments: [specOf(found)],
      migrations: [],
    },
  }
}

/** The slot (0 … slotCount − 1) that a release of this file has in its schedule. */
export const slotOf = (release: ReleaseId): number => release.charCodeAt(67) - 48

/** Variant and slot in one number from 1 to 255; 0 for none. */
const codeOf = (release: ReleaseId | null | undefined): number =>
  release === null || release === undefined ? 0 : 1 + slotOf(release) + slotCount * variantOf(release)

/** The hexadecimal digit before the slot. */
const variantOf = (release: ReleaseId): number => {
  const digit = release.charCodeAt(66)
  return digit < 58 ? digit - 48 : digit - 87
}

const noReleases: readonly ReleaseId[] = []

/** Releases by variant and slot, and plans by what they are made from. Plans are data and never change, so schedules share them. */
export class Catalogue {
  readonly #releases: readonly (readonly Release[])[] = variants.map((_, variant) =>
    Array.from({ length: slotCount }, (_unused, slot) => makeRelease(variant, slot)),
  )
  readonly #plans = new Map<number, RolloutPlan>()

  /** The release of a variant in a slot. */
  release(variant: number, slot: number): Release {
    const release = this.#releases[variant]?.[slot]
    if (release === undefined) throw new Error(`no release ${variant}/${slot}`)
    return release
  }

  /** The plan of a rollout that has something to clear up after others. Rare, so it is made each time. */
  planInPlace(
    from: Release | null,
    to: Release,
    place: Pick<PlanInput, 'purpose' | 'kept' | 'abandoned'>,
  ): RolloutPlan {
    return planRollout({ environment: environmentName, from, to, ...place })
  }

  /** The plan that `planRollout` makes. */
  plan(purpose: Purpose, from: Release | null, to: Release, kept: readonly ReleaseId[]): RolloutPlan {
    const parts = codeOf(from?.id) * 65_536 + codeOf(to.id) * 256 + codeOf(kept[0])
    const key = purpose === 'rollback' ? -parts : parts
    const known = this.#plans.get(key)
    if (known !== undefined) return known
    const plan = planRollout({
      purpose: purpose === 'rollback' ? 'rollback' : 'deploy',
      environment: environmentName,
      from,
      to,
      kept: kept.length === 0 ? noReleases : kept,
    })
    this.#plans.set(key, plan)
    return plan
  }
}
