/**
 * What an auditor asks of a period: who wrote, approved and delivered what; what looked at it; and where somebody passed by a rule. Each finding names the rows of
 * the ledger that it rests on. Names are compared as they stand in the ledger and in git: somebody who goes by two names is two people here.
 */
import {
  type DeliveryRecord,
  nameOf,
  type Recorded,
  type RecordedGlass,
  type RecordedIncident,
  type RecordedRelease,
} from '../dora/record.ts'
import type { Word } from '../dora/delivery.ts'

/**
 * What was found. `author_approved`: an author of what came approved it. `deployer_approved`: whoever delivered it approved it. `author_delivered`: an author
 * delivered it. `too_few_approvals`: fewer people approved it than the environment asks for. `break_glass`: an emergency, or somebody went past what refused it. `passed_over`: somebody had waits or
 * judgements passed over. `unverified`: nothing looked at it here, and the environment before did not verify it. `no_gates`: no gate of its run looked at it.
 */
export type ComplianceRule =
  | 'author_approved'
  | 'deployer_approved'
  | 'author_delivered'
  | 'too_few_approvals'
  | 'break_glass'
  | 'passed_over'
  | 'unverified'
  | 'no_gates'

/** One finding. `violation`: a rule was not kept. `notice`: allowed, and to be looked at. */
export type ComplianceFinding = {
  readonly rule: ComplianceRule
  readonly severity: 'violation' | 'notice'
  readonly rollout: string
  readonly detail: string
  /** Rows of the ledger. */
  readonly rows: readonly number[]
}

/** One delivery as the report tells it. */
export type ComplianceDelivery = {
  readonly rollout: string
  readonly environment: string
  readonly purpose: Recorded['purpose']
  readonly version: string
  readonly commit: string
  readonly authors: readonly string[]
  readonly approvers: readonly string[]
  readonly approvalsWanted: number
  readonly deliveredBy: string
  readonly settledAt: number
  readonly outcome: Recorded['outcome']
  /** What looked at it. */
  readonly evidence: readonly string[]
  readonly rows: readonly number[]
}

/** The report of a period. */
export type ComplianceReport = {
  readonly service: string
  readonly environment: string | null
  readonly from: number
  readonly to: number
  readonly deliveries: readonly ComplianceDelivery[]
  readonly findings: readonly ComplianceFinding[]
  readonly totals: Readonly<Record<ComplianceRule | 'deliveries' | 'rollbacks' | 'withSeparation', number>>
}

/** What is asked for; a null environment means every one. */
export type ComplianceQuestion = {
  readonly service: string
  readonly environment: string | null
  readonly from: number
  readonly to: number
}

/** Makes the report from the record of deliveries. */
export const complianceReport = (record: DeliveryRecord, question: ComplianceQuestion): ComplianceReport => {
  const { service, environment, from, to } = question
  const drilled = new Set<string>(record.drilled)
  const own = record.deliveries.filter(
    (one) =>
      one.service === service &&
      (environment === null || one.environment === environment) &&
      one.settledAt >= from &&
      one.settledAt < to &&
      !drilled.has(one.rollout),
  )
  const subjects = own.map((delivery) => subjectOf(record, delivery))
  const findings = subjects.flatMap(findingsOf)
  const count = (rule: ComplianceRule): number => findings.filter((finding) => finding.rule === rule).length
  const apart = subjects.filter((subject) => subject.approvals.length > 0 && !findingsOf(subject).some(isSeparation))
  return {
    service,
    environment,
    from,
    to,
    deliveries: subjects.map(shownOf),
    findings,
    totals: {
      deliveries: own.filter(({ purpose }) => purpose !== 'rollback').length,
      rollbacks: own.filter(({ purpose }) => purpose === 'rollback').length,
      withSeparation: apart.length,
      author_approved: count('author_approved'),
      deployer_approved: count('deployer_approved'),
      author_delivered: count('author_delivered'),
      too_few_approvals: count('too_few_approvals'),
      break_glass: count('break_glass'),
      passed_over: count('passed_over'),
      unverified: count('unverified'),
      no_gates: count('no_gates'),
    },
  }
}

type Subject = {
  readonly delivery: Recorded
  readonly release: RecordedRelease | null
  readonly authors: readonly string[]
  readonly approvals: readonly Word[]
  readonly incident: RecordedIncident | null
  readonly glass: RecordedGlass | null
  /** The delivery that verified the release in the environment before; null when none did. */
  readonly verifiedBy: Recorded | null
}

const subjectOf = (record: DeliveryRecord, delivery: Recorded): Subject => {
  const { service, environment, release, startedAt, settledAt, rollout, after } = delivery
  // An approval is used up by the delivery that it let in.
  const usedAt = record.deliveries.findLast(
    (one) =>
      one.service === service &&
      one.environment === environment &&
      one.release === release &&
      one.outcome === 'succeeded' &&
      one.settledAt < startedAt,
  )?.settledAt
  const before = record.approvals.filter(
    (one) =>
      one.service === service &&
      one.environment === environment &&
      one.release === release &&
      one.at <= settledAt &&
      one.at > (usedAt ?? -Infinity),
  )
  return {
    delivery,
    release: record.releases.find(({ id }) => id === release) ?? null,
    authors: [...new Set(delivery.commits.map(({ author }) => author))],
    approvals: [...before, ...delivery.approvals],
    incident: record.incidents.find((one) => one.emergency !== null && one.rollout === rollout) ?? null,
    glass: record.glass.find((one) => one.rollout === rollout) ?? null,
    verifiedBy:
      record.deliveries.find(
        (one) =>
          one.environment === after &&
          one.service === service &&
          one.release === release &&
          one.outcome === 'succeeded' &&
          one.settledAt <= startedAt,
      ) ?? null,
  }
}

const findingsOf = (subject: Subject): readonly ComplianceFinding[] => [
  ...separation(subject),
  ...quorum(subject),
  ...passes(subject),
  ...evidence(subject),
]

const separationRules: ReadonlySet<ComplianceRule> = new Set([
  'author_approved',
  'deployer_approved',
  'author_delivered',
])
const isSeparation = ({ rule }: ComplianceFinding): boolean => separationRules.has(rule)

/** Whoever wrote it, approved it and delivered it are to be different people. A way back brings nothing that anybody wrote for it. */
const separation = ({ delivery, authors, approvals }: Subject): readonly ComplianceFinding[] => {
  if (delivery.purpose === 'rollback') return []
  const wrote = new Set(authors.map((name) => nameOf({ name })))
  const started = delivery.rows[0]
  const own = approvals.filter(({ by }) => wrote.has(nameOf(by)))
  const delivered = approvals.filter(({ by }) => nameOf(by) === nameOf(delivery.by))
  return [
    ...own.map((word) =>
      found('author_approved', delivery, {
        detail: `${word.by.name} approved what ${word.by.name} wrote`,
        rows: [word.row],
      }),
    ),
    ...delivered.map((word) =>
      found('deployer_approved', delivery, {
        detail: `${word.by.name} approved and delivered it`,
        rows: [word.row, started],
      }),
    ),
    ...(wrote.has(nameOf(delivery.by))
      ? [
          noticed('author_delivered', delivery, {
            detail: `${delivery.by.name} delivered what ${delivery.by.name} wrote`,
            rows: [started],
          }),
        ]
      : []),
  ]
}

const quorum = ({ delivery, approvals }: Subject): readonly ComplianceFinding[] => {
  const people = new Set(approvals.map(({ by }) => nameOf(by))).size
  if (delivery.purpose === 'rollback' || people >= delivery.approvalsWanted) return []
  const detail = `${people} of ${delivery.approvalsWanted} approvals`
  return [
    found('too_few_approvals', delivery, { detail, rows: [delivery.rows[0], ...approvals.map(({ row }) => row)] }),
  ]
}

const passes = ({ delivery, incident, glass }: Subject): readonly ComplianceFinding[] => [
  ...(glass === null ? [] : [brokenBy(delivery, glass)]),
  ...(incident?.emergency === null || incident === null
    ? []
    : [
        noticed('break_glass', delivery, {
          detail: `emergency of ${incident.emergency.by.name}: ${incident.title}${incident.resolvedAt === null ? ' (not resolved)' : ''}`,
          rows: [incident.emergency.row, delivery.rows[0]],
        }),
      ]),
  ...delivery.hurried.map((word) =>
    noticed('passed_over', delivery, {
      detail: `${word.by.name} had what was left passed over${word.reason === null ? '' : `: ${word.reason}`}`,
      rows: [word.row],
    }),
  ),
]

/** Allowed, if somebody else looked at it afterwards. */
const brokenBy = (delivery: Recorded, { by, reason, row, review }: RecordedGlass): ComplianceFinding => {
  const what = `${by.name} went past what refused it${reason === null ? '' : `: ${reason}`}`
  return review === null
    ? found('break_glass', delivery, { detail: `${what}; nobody has reviewed it`, rows: [row] })
    : noticed('break_glass', delivery, { detail: `${what}; reviewed by ${review.by.name}`, rows: [row, review.row] })
}

const evidence = ({ delivery, release, verifiedBy }: Subject): readonly ComplianceFinding[] => {
  if (delivery.purpose === 'rollback') return []
  const rows = [delivery.rows[0], ...(release === null ? [] : [release.row])]
  const isVerified = delivery.looks.some((look) => look !== 'hook') || verifiedBy !== null
  return [
    ...(isVerified
      ? []
      : [found('unverified', delivery, { detail: 'nothing looked at it before all users were on it', rows })]),
    ...(release === null || release.gates > 0
      ? []
      : [noticed('no_gates', delivery, { detail: `no gate looked at ${release.version}`, rows: [release.row] })]),
  ]
}

type Told = Pick<ComplianceFinding, 'detail' | 'rows'>

const found = (rule: ComplianceRule, { rollout }: Recorded, told: Told): ComplianceFinding => ({
  rule,
  severity: 'violation',
  rollout,
  ...told,
})

const noticed = (rule: ComplianceRule, { rollout }: Recorded, told: Told): ComplianceFinding => ({
  rule,
  severity: 'notice',
  rollout,
  ...told,
})

const shownOf = ({ delivery, release, authors, approvals, verifiedBy }: Subject): ComplianceDelivery => ({
  rollout: delivery.rollout,
  environment: delivery.environment,
  purpose: delivery.purpose,
  version: release?.version ?? '',
  commit: release?.commit.id ?? '',
  authors,
  approvers: [...new Set(approvals.map(({ by }) => by.name))],
  approvalsWanted: delivery.approvalsWanted,
  deliveredBy: delivery.by.name,
  settledAt: delivery.settledAt,
  outcome: delivery.outcome,
  evidence: [
    ...(release === null || release.gates === 0 ? [] : [`${release.gates} gates of its run`]),
    ...(verifiedBy === null ? [] : [`verified in ${verifiedBy.environment}`]),
    ...delivery.looks.map((look) => ({ verify: 'checks', judge: 'the judge', hook: 'hooks' })[look]),
  ],
  rows: [...delivery.rows, ...approvals.map(({ row }) => row)],
})
