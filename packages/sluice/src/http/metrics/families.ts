/** What the control plane knows of itself and of what it delivers, as metrics. Shares are ratios (1 = all traffic), times seconds. */
import type { ArmView } from '../client/views.ts'
import type { EnvironmentsView, EnvironmentView } from '../client/environment-views.ts'
import type { Family, Sample } from './exposition.ts'

/** What the control plane's own process says. */
export type ProcessFigures = {
  readonly version: string
  readonly startedAt: number
  readonly residentBytes: number
  readonly cpuSeconds: number
  /** Part of its time since it began that the event loop was busy, 0 to 1. */
  readonly loopUtilization: number
  readonly ledgerRows: number
  readonly eventStreams: number
  readonly incidentsOpen: number
}

/** The process. */
export const processFamilies = (figures: ProcessFigures): readonly Family[] => [
  gauge('sluice_build_info', 'The version that runs.', [{ labels: { version: figures.version }, value: 1 }]),
  gauge('process_start_time_seconds', 'When the control plane began, epoch seconds.', [
    { value: figures.startedAt / 1_000 },
  ]),
  gauge('process_resident_memory_bytes', 'Memory of the control plane that is resident.', [
    { value: figures.residentBytes },
  ]),
  counter('process_cpu_seconds_total', 'Processor time of the control plane.', [{ value: figures.cpuSeconds }]),
  gauge('nodejs_eventloop_utilization', 'Part of its time that the event loop of the control plane was busy.', [
    { value: figures.loopUtilization },
  ]),
  counter('sluice_ledger_rows_total', 'Rows of the ledger.', [{ value: figures.ledgerRows }]),
  gauge('sluice_event_streams', 'Event streams that are open.', [{ value: figures.eventStreams }]),
  gauge('sluice_incidents_open', 'Incidents that are open.', [{ value: figures.incidentsOpen }]),
]

/** Every environment, and the traffic that its data plane counted. Where nothing could be observed, nothing is said. */
export const environmentFamilies = ({ environments }: EnvironmentsView): readonly Family[] => {
  const each = (of: (environment: EnvironmentView) => readonly Sample[]): readonly Sample[] =>
    environments.flatMap((environment) =>
      of(environment).map(({ labels, ...sample }) => ({ ...sample, labels: { ...place(environment), ...labels } })),
    )
  const arms = (of: (arm: ArmView) => number | null): readonly Sample[] =>
    each(({ observed }) =>
      (observed.traffic?.arms ?? []).flatMap((arm) => {
        const value = of(arm)
        return value === null ? [] : [{ labels: { arm: arm.arm, version: arm.release.version }, value }]
      }),
    )
  return [
    gauge('sluice_environment_release_info', 'The release that serves an environment.', each(serving)),
    gauge(
      'sluice_rollouts_live',
      'Rollouts under way.',
      each(({ live }) => [{ value: live === null ? 0 : 1 }]),
    ),
    gauge(
      'sluice_environment_locked',
      '1 while a lock is on the environment.',
      each(({ lock }) => [{ value: lock === null ? 0 : 1 }]),
    ),
    gauge(
      'sluice_queue_length',
      'Releases that wait for their turn.',
      each(({ queue }) => [{ value: queue.length }]),
    ),
    gauge('sluice_instances', 'Instances by what their driver observes.', each(instances)),
    gauge(
      'sluice_traffic_share_ratio',
      'Share of the traffic that an arm gets.',
      arms(({ shareBp }) => shareBp / 10_000),
    ),
    counter(
      'sluice_traffic_requests_total',
      'Requests that an arm has served.',
      arms(({ requests }) => requests),
    ),
    counter(
      'sluice_traffic_bad_requests_total',
      'Requests that an arm has served badly.',
      arms(({ bad }) => bad),
    ),
    gauge(
      'sluice_traffic_in_flight',
      'Requests that an arm is serving.',
      arms(({ inFlight }) => inFlight),
    ),
    gauge(
      'sluice_traffic_p99_seconds',
      'Time within which an arm answers 99 % of its requests; the bound of a bucket.',
      arms(({ p99Ms }) => (p99Ms === null ? null : p99Ms / 1_000)),
    ),
    gauge(
      'sluice_judge_log_evidence',
      'Natural logarithm of the evidence against the candidate.',
      each(({ observed }) => optional(observed.traffic?.logE)),
    ),
    gauge(
      'sluice_judge_log_limit',
      'Natural logarithm of the evidence at which the candidate is cut.',
      each(({ observed }) => optional(observed.traffic?.limitLogE)),
    ),
  ]
}

const place = ({ service, name }: EnvironmentView): Readonly<Record<string, string>> => ({ service, environment: name })

const serving = ({ serving: release }: EnvironmentView): readonly Sample[] =>
  release === null ? [] : [{ labels: { version: release.version, release: release.id }, value: 1 }]

const instances = ({ observed }: EnvironmentView): readonly Sample[] => {
  const counts = Map.groupBy(observed.instances ?? [], ({ status }) => status)
  return [...counts].map(([status, { length }]) => ({ labels: { status }, value: length }))
}

const optional = (value: number | null | undefined): readonly Sample[] =>
  value === null || value === undefined ? [] : [{ value }]

const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  type: 'gauge',
  help,
  samples,
})

const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  type: 'counter',
  help,
  samples,
})
