/** What governs a release that wants into an environment: read before the decision, and laid before admission with what is known in it. */
import type { AdmissionInput, GovernanceInput, Refusal } from '../../core/admission.ts'
import { quorumOf, standing, tally } from '../../core/governance/approvals.ts'
import type { SloReadings } from '../../core/governance/slo.ts'
import type { Closure, RolloutGovernance, Stakes, WindowRule } from '../../core/governance/types.ts'
import { closuresIn, type Span } from '../../core/governance/windows.ts'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { LineState } from '../../core/line.ts'
import type { EnvironmentSpec, Release } from '../../core/model.ts'
import type { RolloutPlan } from '../../core/rollout/types.ts'
import type { Asking, Desk } from '../desk.ts'
import { readSlos } from './slo-readings.ts'

/** What was read about governance; null for a way back, which asks nobody and reads nothing. */
export type Governed = {
  readonly inForce: EnvironmentSpec | null
  readonly closures: readonly Closure[]
  readonly author: string
  readonly triggeredBy: string | null
  /** What the source said about objectives; absent where no policy has one. */
  readonly slos?: SloReadings
}

type Subject = {
  readonly release: Release
  readonly spec: EnvironmentSpec
  readonly serving: Release | null
}

/** Reads it. */
export const governedBy = async (
  desk: Pick<Desk, 'reading' | 'clock' | 'calendar' | 'metrics' | 'secrets'>,
  { release, spec, serving }: Subject,
): Promise<Governed> => {
  const { reading, clock, calendar } = desk
  const inForce = serving?.content.environments.find(({ name }) => name === spec.name) ?? null
  const from = clock.now()
  const span = { from, until: from + limits.windowHorizonMs }
  const [own, ruling] = await Promise.all(
    [spec, inForce].map((one) => closuresOf(calendar, one?.governance?.windows ?? [], span)),
  )
  const specs = inForce === null ? [spec] : [spec, inForce]
  const slos = await readSlos(desk, release.content.service, specs)
  return {
    inForce,
    closures: distinct([...(own ?? []), ...(ruling ?? [])]),
    author: release.content.commit.author,
    triggeredBy: await reading.startedBy(release.cutBy),
    ...(Object.keys(slos).length === 0 ? {} : { slos }),
  }
}

/** When nothing may come within a span. A window that cannot be read is closed: nobody knows that it is open. */
const closuresOf = async (
  calendar: Desk['calendar'],
  rules: readonly WindowRule[],
  span: Span,
): Promise<readonly Closure[]> => {
  try {
    const times = rules.map(async (rule) => ({ rule, on: await calendar.times(rule, span) }))
    return closuresIn(await Promise.all(times), span)
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return [{ from: span.from, until: null, kind: 'deny', reason: error.detail }]
  }
}

const distinct = (closures: readonly Closure[]): readonly Closure[] => {
  const texts = closures.map((one) => JSON.stringify(one))
  return closures.filter((_, index) => texts.indexOf(texts[index] ?? '') === index)
}

/** Who asks; null for nobody yet. */
export type Asker = Pick<Asking, 'by' | 'groups'>

/** What admission is told of it. */
export const governanceInput = (
  { inForce, closures, author, triggeredBy, slos }: Governed,
  {
    asker,
    line,
    glass,
  }: { readonly asker: Asker | null; readonly line: LineState; readonly glass?: 'broken' | undefined },
): GovernanceInput => ({
  line,
  inForce,
  closures,
  stakes: stakesOf({ author, triggeredBy }, asker),
  asker: asker === null ? null : { by: asker.by, groups: asker.groups ?? [] },
  ...(slos === undefined ? {} : { slos }),
  ...(glass === undefined ? {} : { glass }),
})

const stakesOf = ({ author, triggeredBy }: Pick<Governed, 'author' | 'triggeredBy'>, asker: Asker | null): Stakes => ({
  author,
  triggeredBy,
  requestedBy: asker?.by.kind === 'person' ? asker.by.name : null,
})

/** What a rollout that was let in takes with it; undefined where nothing governs it. */
export const governanceOf = (
  plan: RolloutPlan,
  input: AdmissionInput,
  glass: { readonly reason: string; readonly passed: readonly Refusal[] } | null,
): RolloutGovernance | undefined => {
  const { governance: asked, spec, release, environment, now } = input
  if (asked === undefined || plan.purpose === 'rollback') return undefined
  const { governance: rules } = spec
  const hasApproval = plan.steps.some(({ kind }) => kind === 'approve')
  const given = standing(environment.approvals, { release: release.id, spec, now })
  const { counted } = tally(quorumOf(spec, asked.stakes), given)
  const closures =
    rules?.overrun === undefined ? [] : asked.closures.filter(({ until }) => until === null || until > now)
  const policies = rules?.policies?.map(({ name }) => name) ?? []
  const by = asked.asker?.by
  const found: RolloutGovernance = {
    ...(hasApproval && rules?.selfApproval !== 'allowed' ? { stakes: asked.stakes } : {}),
    ...(hasApproval && rules?.groups !== undefined ? { groups: rules.groups } : {}),
    ...(counted.length === 0 ? {} : { approvals: counted }),
    ...(policies.length === 0 ? {} : { policies }),
    // Who broke the glass to come in now does not stand still for the window that it broke.
    ...(closures.length === 0 || rules?.overrun === undefined || glass !== null
      ? {}
      : { closures, overrun: rules.overrun }),
    ...(glass === null || by === undefined
      ? {}
      : { breakGlass: { by, at: now, reason: glass.reason, passed: glass.passed.map(({ kind }) => kind) } }),
  }
  return Object.keys(found).length === 0 ? undefined : found
}
