/** What `sluice plan <env>` shows: the plan, and whether it would be admitted now. It changes nothing. */
import { type Admission, admit, type AdmissionInput, type Refusal } from '../../core/admission.ts'
import { quorumOf, standing, type Tally, tally } from '../../core/governance/approvals.ts'
import { type Finding, findingsOf } from '../../core/governance/policies.ts'
import { approvedBy } from '../../core/governance/refusals.ts'
import type { Closure } from '../../core/governance/types.ts'
import type { EnvironmentSpec, Release } from '../../core/model.ts'
import { planRollout } from '../../core/rollout/plan.ts'
import type { RolloutPlan } from '../../core/rollout/types.ts'
import type { DeployCommand } from '../commands/deploy.ts'
import type { Desk } from '../desk.ts'
import { type Asker, governanceInput } from './governance.ts'
import { abandonedBy, overtakenBy, placeOf } from './replacing.ts'
import { type Wanted, wantedBy } from './wanted.ts'

/** The plan, and what stands before it. */
export type Preview = {
  readonly plan: RolloutPlan
  readonly release: Release
  readonly from: Release | null
  readonly refusals: readonly Refusal[]
  /** What people and time ask for; null for a way back, which they ask for nothing. */
  readonly governance: PreviewedGovernance | null
}

/** Governance as it stands for a release. */
export type PreviewedGovernance = {
  /** Every demand of the policies, met or not. */
  readonly findings: readonly Finding[]
  readonly approvals: Tally
  /** When nothing may come, from now on. */
  readonly closures: readonly Closure[]
}

/** See the file's header. `asker`: null where it is not known who will ask. */
export const previewDeploy = async (desk: Desk, command: DeployCommand, asker: Asker | null): Promise<Preview> => {
  const wanted = await wantedBy(desk, command)
  const { environment, purpose, release, serving: from, current, replaced } = wanted
  const input = await inputOf(desk, wanted, asker)
  const admission: Admission =
    replaced !== null && 'refusal' in replaced ? { kind: 'refused', refusals: [replaced.refusal] } : admit(input)
  const company = { kept: current.kept, abandoned: abandonedBy(current, replaced), ...overtakenBy(replaced) }
  const plan = planRollout({ purpose, environment, from, to: release, ...company })
  const refusals = admission.kind === 'refused' ? admission.refusals : []
  return { plan, release, from, refusals, governance: governanceOf(wanted, input) }
}

const inputOf = async ({ reading, clock }: Desk, wanted: Wanted, asker: Asker | null): Promise<AdmissionInput> => {
  const { purpose, release, spec, current, serving, replaced, contracts, overrides, governed } = wanted
  const before = spec.after === null ? null : await reading.environment(wanted.service, spec.after)
  const hold = await reading.hold(release.id)
  const place = placeOf(replaced)
  return {
    purpose,
    release,
    spec,
    environment: current,
    before,
    now: clock.now(),
    hold,
    contracts,
    overrides,
    ...(place === null ? {} : { replaces: place.live }),
    ...(asker?.by.kind === 'system' ? { automatic: { serving } } : {}),
    ...(governed === null ? {} : { governance: governanceInput(governed, { asker, line: await reading.line() }) }),
  }
}

const governanceOf = ({ governed }: Wanted, input: AdmissionInput): PreviewedGovernance | null => {
  const { governance, spec, release, environment, before, now } = input
  if (governance === undefined || governed === null) return null
  const { asker, slos } = governance
  const facts = { release, environment, before, asker, now, slos, approvedBy: approvedBy(input, spec) }
  const given = standing(environment.approvals, { release: release.id, spec, now })
  return {
    findings: findingsOf(policiesOf(spec, governance.inForce), facts),
    approvals: tally(quorumOf(spec, governance.stakes), given),
    closures: governed.closures,
  }
}

/** Of the release that comes, and those in force that it does not have. */
const policiesOf = (
  spec: EnvironmentSpec,
  inForce: EnvironmentSpec | null,
): NonNullable<NonNullable<EnvironmentSpec['governance']>['policies']> => {
  const own = spec.governance?.policies ?? []
  const texts = new Set(own.map((one) => JSON.stringify(one)))
  return [...own, ...(inForce?.governance?.policies ?? []).filter((one) => !texts.has(JSON.stringify(one)))]
}
