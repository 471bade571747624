/**
 * The record of deliveries: everything that the five DORA metrics and the compliance report are made of, folded from the ledger row by row, so that it is
 * never made anew. What the ledger does not have (commits between two releases, the length of a run) is put in by whoever folds.
 */
import { incidentId, type IncidentEvent } from '../incident.ts'
import type { LedgerRow } from '../ledger/entry.ts'
import { type Actor, type ReleaseId, type RolloutId, rolloutId } from '../model.ts'
import type { EnvironmentEvent } from '../environment.ts'
import type { ReleaseEvent } from '../release-machine.ts'
import type { Delivery, Word } from './delivery.ts'

/** The form of a record that this Sluice makes; one of another form is made anew. */
export const recordForm = 1

/** A commit that reached users with a delivery. */
export type DeliveredCommit = { readonly id: string; readonly committedAt: number; readonly author: string }

/** A delivery, and what of it the ledger does not say by itself. */
export type Recorded = Delivery & {
  /** Commits that are in it and were not in what served before; the release's own alone where they cannot be told. */
  readonly commits: readonly DeliveredCommit[]
  readonly commitsFrom: 'history' | 'release'
}

/** A release as far as deliveries ask for it. */
export type RecordedRelease = {
  readonly id: ReleaseId
  readonly version: string
  readonly subject: string
  readonly commit: DeliveredCommit
  readonly cutAt: number
  /** How long the run that cut it took, ms; null where it is not known any more. */
  readonly runMs: number | null
  /** Whether gates of its run looked at it. */
  readonly gates: number
  readonly row: number
}

/** An incident as far as deliveries ask for it. */
export type RecordedIncident = {
  readonly id: string
  readonly service: string
  readonly environment: string
  readonly title: string
  readonly release: ReleaseId | null
  /** The rollout that took it back. */
  readonly rollout: RolloutId | null
  readonly openedAt: number
  readonly emergency: Word | null
  readonly resolvedAt: number | null
  readonly row: number
}

/** A word for a release in an environment, before its rollout. */
export type RecordedApproval = Word & {
  readonly service: string
  readonly environment: string
  readonly release: ReleaseId
}

/** Somebody brought a rollout past what refused it, and perhaps somebody has looked at that since. */
export type RecordedGlass = Word & { readonly rollout: RolloutId; readonly review: Word | null }

/** The record, up to a row of the ledger. */
export type DeliveryRecord = {
  readonly form: typeof recordForm
  /** The last row that was looked at, and its hash: so that the record of another ledger is known. */
  readonly seq: number
  readonly hash: string
  readonly deliveries: readonly Recorded[]
  readonly releases: readonly RecordedRelease[]
  readonly incidents: readonly RecordedIncident[]
  readonly approvals: readonly RecordedApproval[]
  readonly glass: readonly RecordedGlass[]
  /** Rollouts of drills: they are rehearsals, and count for nothing. */
  readonly drilled: readonly RolloutId[]
}

/** Before the first row. */
export const emptyRecord: DeliveryRecord = {
  form: recordForm,
  seq: 0,
  hash: '',
  deliveries: [],
  releases: [],
  incidents: [],
  approvals: [],
  glass: [],
  drilled: [],
}

/** The kinds of rows that it is folded from; a rollout's own are read when its environment says that it is over. */
export const recordedKinds = ['environment', 'release', 'incident', 'drill'] as const

/** What a row asks to be looked up before it can be folded; null for nothing. */
export type Lookup =
  | { readonly kind: 'rollout'; readonly rollout: RolloutId }
  | { readonly kind: 'run'; readonly run: string }

/** See `Lookup`. */
export const lookupOf = (row: LedgerRow): Lookup | null => {
  if (row.isPruned === true) return null
  if (row.key.kind === 'environment' && row.type === 'rollout_settled')
    return { kind: 'rollout', rollout: settledOf(row.body).rollout }
  if (row.key.kind === 'release' && row.type === 'release_cut')
    return { kind: 'run', run: cutOf(row.body).release.cutBy }
  return null
}

/** What was looked up for a row. */
export type Found = { readonly delivery?: Recorded | null; readonly runMs?: number | null }

/** The record after a row. */
export const foldRecord = (record: DeliveryRecord, row: LedgerRow, found: Found): DeliveryRecord => {
  // What was pruned before it was folded is not known any more.
  if (row.isPruned === true) return record
  switch (row.key.kind) {
    case 'environment':
      return foldEnvironment(record, row, found)
    case 'release':
      return row.type === 'release_cut' ? foldRelease(record, row, found.runMs ?? null) : record
    case 'incident':
      return foldIncident(record, row)
    case 'drill':
      return foldDrill(record, row)
    default:
      return record
  }
}

type SettledEvent = Extract<EnvironmentEvent, { type: 'rollout_settled' }>
type ApprovedEvent = Extract<EnvironmentEvent, { type: 'approved' }>
type CutEvent = Extract<ReleaseEvent, { type: 'release_cut' }>

/** Parser of a row's body by its type: what is in the ledger is what its machine accepted. */
const settledOf = (body: unknown): SettledEvent => body as SettledEvent
/** The same for an approval. Parser: see above. */
const approvedOf = (body: unknown): ApprovedEvent => body as ApprovedEvent
/** The same for a release. Parser: see above. */
const cutOf = (body: unknown): CutEvent => body as CutEvent
/** The same for an incident. Parser: see above. */
const incidentOf = (body: unknown): IncidentEvent => body as IncidentEvent

const foldEnvironment = (record: DeliveryRecord, row: LedgerRow, { delivery }: Found): DeliveryRecord => {
  if (row.type === 'rollout_settled' && delivery !== undefined && delivery !== null)
    return { ...record, deliveries: [...record.deliveries, delivery] }
  if (row.type === 'glass_broken' || row.type === 'glass_reviewed') return foldGlass(record, row)
  if (row.type !== 'approved') return record
  const { by, at, release, reason } = approvedOf(row.body)
  const [service = '', environment = ''] = row.key.id.split('/')
  return {
    ...record,
    approvals: [...record.approvals, { service, environment, release, by, at, reason, row: row.seq }],
  }
}

/** Who did it and why, the row says itself. */
const foldGlass = (record: DeliveryRecord, row: LedgerRow): DeliveryRecord => {
  const rollout = rolloutIn(row.body)
  if (rollout === null) return record
  const word = { by: row.actor, at: row.at, row: row.seq, reason: row.reason }
  if (row.type === 'glass_broken') return { ...record, glass: [...record.glass, { ...word, rollout, review: null }] }
  const glass = record.glass.map((one) => (one.rollout === rollout ? { ...one, review: one.review ?? word } : one))
  return { ...record, glass }
}

/** The rollout that a row names; null where it names none. */
const rolloutIn = (body: unknown): RolloutId | null =>
  typeof body === 'object' && body !== null && 'rollout' in body && typeof body.rollout === 'string'
    ? rolloutId(body.rollout)
    : null

const foldRelease = (record: DeliveryRecord, row: LedgerRow, runMs: number | null): DeliveryRecord => {
  const { release } = cutOf(row.body)
  const { id: commit, author, committedAt, subject } = release.content.commit
  const kept = {
    id: release.id,
    version: release.content.version,
    subject,
    commit: { id: commit, committedAt, author },
    cutAt: release.cutAt,
    runMs,
    gates: release.content.gates?.length ?? 0,
    row: row.seq,
  }
  return { ...record, releases: [...record.releases, kept] }
}

const foldIncident = (record: DeliveryRecord, row: LedgerRow): DeliveryRecord => {
  const event = incidentOf(row.body)
  const id = incidentId(row.key.id)
  const known = record.incidents.find((incident) => incident.id === id)
  const others = record.incidents.filter((incident) => incident !== known)
  if (event.type === 'incident_resolved')
    return known === undefined ? record : { ...record, incidents: [...others, { ...known, resolvedAt: event.at }] }
  const { at, by, subject } = event
  const { service, environment, title, release, rollout } = subject
  const emergency = event.type === 'emergency_declared' ? { by, at, row: row.seq, reason: row.reason } : null
  const opened = {
    id,
    service,
    environment,
    title,
    release,
    rollout,
    openedAt: at,
    emergency,
    resolvedAt: null,
    row: row.seq,
  }
  const next = known === undefined ? opened : { ...known, emergency: known.emergency ?? emergency }
  return { ...record, incidents: [...others, next] }
}

const foldDrill = (record: DeliveryRecord, row: LedgerRow): DeliveryRecord => {
  const rollout = legOf(row.body)
  return rollout === null ? record : { ...record, drilled: [...record.drilled, rollout] }
}

/** Parser of the rollout that a step of a drill went by; null where it went by none. */
const legOf = (body: unknown): RolloutId | null => {
  const { result } = body as {
    readonly result?: { readonly kind: string; readonly leg?: { readonly rollout: RolloutId } }
  }
  return result?.kind === 'went' ? (result.leg?.rollout ?? null) : null
}

/** Names in which people act: the same person under two names is two. */
export const nameOf = ({ name }: Pick<Actor, 'name'>): string => name.trim().toLowerCase()
