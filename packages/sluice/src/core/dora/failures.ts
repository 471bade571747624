/**
 * Which deliveries failed, since when, and until when (DORA, 2023: failed because of the change, not because of an outage elsewhere).
 *
 * A delivery fails when it came back after users were on it, when what it brought was taken back later, when a hotfix names it, or when an incident is about it. An incident names its
 * release, or it is the last delivery that reached users within `attributionMs` of the settings before it. It is over once it was taken back, a hotfix of it serves everybody,
 * or the incident is resolved, whichever comes first. A hotfix that names what it makes good makes good nothing else; one that names nothing, what failed before it.
 */
import type { DoraSettings } from './settings.ts'
import type { Recorded, RecordedIncident, RecordedRelease, DeliveryRecord } from './record.ts'

/** How a failure was found out. */
export type FailureSource = 'rolled_back' | 'taken_back' | 'remediated' | 'incident'

/** A delivery that failed. `recoveredAt` is null while it is open. */
export type DeliveryFailure = {
  readonly rollout: string
  readonly sources: readonly FailureSource[]
  /** Before everybody was on it, or after. */
  readonly reached: 'some' | 'all'
  readonly since: number
  readonly recoveredAt: number | null
  readonly recoveredBy: string | null
}

/** The deliveries of a service in an environment, oldest first, with what of them failed. */
export type Judged = {
  readonly deliveries: readonly Recorded[]
  readonly failures: ReadonlyMap<string, DeliveryFailure>
  /** Hotfixes and rollbacks that an emergency or Sluice itself started, by rollout. */
  readonly reworks: ReadonlySet<string>
  /** Incidents that are about none of them. */
  readonly elsewhere: readonly RecordedIncident[]
}

/** Judges the deliveries of a service in an environment. */
export const judgeDeliveries = (
  record: DeliveryRecord,
  { service, environment }: { readonly service: string; readonly environment: string },
  { attributionMs, canaryAborts }: DoraSettings,
): Judged => {
  const drilled = new Set<string>(record.drilled)
  const here = record.deliveries.filter(
    (one) => one.service === service && one.environment === environment && !drilled.has(one.rollout),
  )
  // Also a hotfix that itself came back says what was wrong before it.
  const remediated = new Set<string>(here.flatMap(({ hotfix }) => hotfix?.remediates ?? []))
  const deliveries = here
    .filter((one) => canaryAborts !== 'ignore' || !isCanaryAbort(one))
    .toSorted((a, b) => a.settledAt - b.settledAt)
  const incidents = record.incidents.filter((one) => one.service === service && one.environment === environment)
  const releases = new Map(record.releases.map((release) => [release.id, release]))
  const about = Map.groupBy(incidents, (incident) => blamed(incident, deliveries, attributionMs)?.rollout ?? null)
  const failures = new Map<string, DeliveryFailure>()
  for (const delivery of deliveries) {
    const failure = failureOf(delivery, {
      deliveries,
      incidents: about.get(delivery.rollout) ?? [],
      releases,
      remediated,
    })
    if (failure !== null) failures.set(delivery.rollout, failure)
  }
  return {
    deliveries,
    failures,
    reworks: reworksOf(deliveries, { incidents, releases }),
    elsewhere: about.get(null) ?? [],
  }
}

/** Whether a delivery is one that DORA counts: users were on it, and it brought something else than what served. */
export const isCounted = (delivery: Recorded): boolean =>
  delivery.from !== delivery.release &&
  delivery.cause !== 'superseded' &&
  (delivery.outcome === 'succeeded' || delivery.liveAt !== null)

/** Whether it came back after some users were on it, before all were: what a canary is for. */
export const isCanaryAbort = ({ purpose, outcome, cause, liveAt, fullAt }: Recorded): boolean =>
  purpose !== 'rollback' && outcome === 'rolled_back' && cause !== 'superseded' && liveAt !== null && fullAt === null

/** A release that its commit calls a hotfix: `hotfix: …`, or a fix that is marked as breaking (`fix!: …`). Source: research of 2026, DORA's survey asks "unplanned, to address a bug". */
const isHotfix = (release: Pick<RecordedRelease, 'subject'> | undefined): boolean =>
  release !== undefined && /^(?:hotfix(?:\([^)]*\))?!?|fix(?:\([^)]*\))?!):/i.test(release.subject)

/** A delivery that whoever asked for it, or the commit of its release, calls a hotfix. */
const isHotfixDelivery = ({ hotfix, release }: Recorded, releases: ReadonlyMap<string, RecordedRelease>): boolean =>
  hotfix !== undefined || isHotfix(releases.get(release))

/** Whether a delivery makes another one good: one that names some those, any other hotfix what failed before it. */
const isRemedy = (one: Recorded, { rollout }: Recorded, releases: ReadonlyMap<string, RecordedRelease>): boolean => {
  if (one.outcome !== 'succeeded') return false
  const { remediates = [] } = one.hotfix ?? {}
  return remediates.length > 0 ? remediates.includes(rollout) : isHotfixDelivery(one, releases)
}

const blamed = (
  incident: RecordedIncident,
  deliveries: readonly Recorded[],
  attributionMs: number,
): Recorded | null => {
  const before = deliveries.filter(
    ({ purpose, liveAt }) => purpose !== 'rollback' && liveAt !== null && liveAt <= incident.openedAt,
  )
  if (incident.release !== null) return before.findLast(({ release }) => release === incident.release) ?? null
  return before.findLast(({ liveAt }) => liveAt !== null && incident.openedAt - liveAt <= attributionMs) ?? null
}

type Known = {
  readonly deliveries: readonly Recorded[]
  readonly incidents: readonly RecordedIncident[]
  readonly releases: ReadonlyMap<string, RecordedRelease>
  /** Rollouts that hotfixes name. */
  readonly remediated: ReadonlySet<string>
}

type End = { readonly at: number; readonly by: string }

const failureOf = (delivery: Recorded, known: Known): DeliveryFailure | null => {
  const { deliveries, incidents, releases, remediated } = known
  if (delivery.purpose === 'rollback' || !isCounted(delivery) || delivery.liveAt === null) return null
  const cameBack = delivery.outcome === 'rolled_back'
  const later = deliveries.filter(({ settledAt }) => settledAt > delivery.settledAt)
  const next = later.find((one) => one.outcome === 'succeeded' && one.release === delivery.release)
  const until = next?.settledAt ?? Infinity
  const takenBack = cameBack ? undefined : later.find((one) => isTakingBack(one, delivery) && one.settledAt <= until)
  const sources = [
    ...(cameBack ? (['rolled_back'] as const) : []),
    ...(takenBack === undefined ? [] : (['taken_back'] as const)),
    ...(remediated.has(delivery.rollout) ? (['remediated'] as const) : []),
    ...(incidents.length === 0 ? [] : (['incident'] as const)),
  ]
  if (sources.length === 0) return null
  const fix = later.find((one) => isRemedy(one, delivery, releases))
  const ends: readonly (End | null)[] = [
    cameBack ? { at: delivery.settledAt, by: delivery.rollout } : null,
    takenBack === undefined ? null : { at: takenBack.fullAt ?? takenBack.settledAt, by: takenBack.rollout },
    fix === undefined ? null : { at: fix.fullAt ?? fix.settledAt, by: fix.rollout },
    ...incidents.map(({ id, resolvedAt }) => (resolvedAt === null ? null : { at: resolvedAt, by: id })),
  ]
  const end = ends.filter((one) => one !== null).reduce<End | null>((a, b) => (a === null || b.at < a.at ? b : a), null)
  return {
    rollout: delivery.rollout,
    sources,
    reached: delivery.fullAt === null ? 'some' : 'all',
    since: delivery.liveAt,
    recoveredAt: end?.at ?? null,
    recoveredBy: end?.by ?? null,
  }
}

const isTakingBack = (one: Recorded, { release }: Recorded): boolean =>
  one.purpose === 'rollback' && one.outcome === 'succeeded' && one.from === release

/** What was not planned: hotfixes, and rollbacks that an emergency or Sluice itself started. */
const reworksOf = (
  deliveries: readonly Recorded[],
  { incidents, releases }: Pick<Known, 'incidents' | 'releases'>,
): ReadonlySet<string> => {
  const emergencies = new Set(incidents.map(({ rollout }) => rollout))
  return new Set(
    deliveries
      .filter((one) =>
        one.purpose === 'rollback'
          ? one.by.kind === 'system' || emergencies.has(one.rollout) || one.hotfix !== undefined
          : isHotfixDelivery(one, releases),
      )
      .map(({ rollout }) => rollout),
  )
}
