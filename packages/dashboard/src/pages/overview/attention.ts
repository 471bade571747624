/** What waits for a person, or ought to be looked at: read from what the API says, most urgent first. */
import type { RunListView } from '../../../../sluice/src/http/client/run-views.ts'
import type { IncidentView } from '../../../../sluice/src/http/client/rollback-views.ts'
import type { EnvironmentsView, EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import type { TrainView } from '../../../../sluice/src/http/client/train-views.ts'
import type { RolloutView } from '../../../../sluice/src/http/client/views.ts'
import type { Tone } from '../../words.ts'

/** One thing that wants to be looked at. */
export type Attention = {
  readonly kind:
    | 'stopped'
    | 'train'
    | 'approve'
    | 'stuck'
    | 'reverting'
    | 'incident'
    | 'paused'
    | 'rolled_back'
    | 'run_failed'
    | 'instances'
    | 'unseen'
    | 'waiting'
    | 'maintenance'
  readonly tone: Tone
  /** What is to be looked at: `1.4.0 in production`. */
  readonly subject: string
  /** One sentence: what is the matter. */
  readonly text: string
  readonly since: number | null
  readonly href: string
  /** The word on the link. */
  readonly verb: string
}

const urgency: Readonly<Record<Attention['kind'], number>> = {
  stopped: -1,
  incident: 0,
  stuck: 1,
  train: 1,
  reverting: 2,
  approve: 3,
  paused: 4,
  rolled_back: 5,
  instances: 6,
  unseen: 7,
  maintenance: 8,
  run_failed: 9,
  waiting: 10,
}

/** What the environments say. `rollouts` tell why something was rolled back, where they are known. */
export const attentionOf = (
  { environments, line, trains = [] }: EnvironmentsView,
  rollouts: readonly RolloutView[] = [],
): readonly Attention[] =>
  sorted([
    ...ofLine(line),
    ...trains.flatMap(ofTrain),
    ...environments.flatMap((environment) => attentionIn(environment, rollouts)),
  ])

/** A line that somebody stopped: nothing goes forward anywhere. */
const ofLine = ({ status, by, at, reason }: EnvironmentsView['line']): readonly Attention[] =>
  status === 'running'
    ? []
    : [
        {
          kind: 'stopped',
          tone: 'bad',
          subject: 'The line is stopped',
          text: `by ${by?.name ?? 'nobody known'}: ${reason ?? 'no reason was given'}`,
          since: at,
          href: '/ledger',
          verb: 'Look',
        },
      ]

/** A release train that goes back, or that could not be taken back whole. One that is on its way forward is seen where its releases are. */
const ofTrain = ({ id, status, cause, members, startedAt }: TrainView): readonly Attention[] => {
  if (status !== 'returning' && status !== 'parked') return []
  const stranded = members
    .filter((member) => member.status === 'stranded')
    .map(({ service, environment, detail }) => `${service}/${environment}: ${detail ?? 'stranded'}`)
  const text =
    status === 'returning'
      ? `goes back: ${cause ?? ''}`
      : `could not be taken back whole: ${stranded.join('; ')} (sluice train retry ${id})`
  return [{ kind: 'train', tone: 'bad', subject: `Train ${id}`, text, since: startedAt, href: '/ledger', verb: 'Look' }]
}

/** What runs and incidents say besides. */
export const attentionBeside = (
  runs: readonly RunListView[],
  incidents: readonly IncidentView[],
): readonly Attention[] => {
  const [newest] = runs
  const failed = newest?.status === 'failed' ? [newest] : []
  return [
    ...incidents
      .filter(({ status }) => status === 'open')
      .map(({ id, title, environment, openedAt }): Attention => ({
        kind: 'incident',
        tone: 'bad',
        subject: `Incident in ${environment}`,
        text: title,
        since: openedAt,
        href: `/incidents/${id}`,
        verb: 'Look',
      })),
    ...failed.map(({ id, commit, settledAt }): Attention => ({
      kind: 'run_failed',
      tone: 'bad',
      subject: commit.subject,
      text: 'the latest run failed',
      since: settledAt,
      href: `/runs/${id}`,
      verb: 'Why',
    })),
  ]
}

/** Most urgent first; of the same kind, the newest. */
export const sorted = (all: readonly Attention[]): readonly Attention[] =>
  all.toSorted((one, other) => urgency[one.kind] - urgency[other.kind] || (other.since ?? 0) - (one.since ?? 0))

/** What one environment says. */
export const attentionIn = (
  environment: EnvironmentView,
  rollouts: readonly RolloutView[] = [],
): readonly Attention[] => [
  ...ofLive(environment),
  ...ofHistory(environment, rollouts),
  ...ofObserved(environment),
  ...ofMaintenance(environment),
  ...environment.queue
    .filter(({ waits }) => waits !== null)
    .map(({ release, waits, at }): Attention => ({
      kind: 'waiting',
      tone: 'calm',
      subject: `${release.version} → ${environment.name}`,
      text: waits?.detail ?? '',
      since: at,
      href: `/environments/${environment.name}`,
      verb: 'Queue',
    })),
]

const ofLive = ({ live, name }: EnvironmentView): readonly Attention[] => {
  if (live === null) return []
  const about = { subject: `${live.to.version} → ${name}`, href: `/rollouts/${live.id}`, since: live.startedAt }
  if (live.status === 'parked')
    return [{ ...about, kind: 'stuck', tone: 'bad', text: live.cause?.text ?? 'set aside', verb: 'Decide' }]
  if (live.status === 'reverting')
    return [{ ...about, kind: 'reverting', tone: 'bad', text: live.cause?.text ?? 'on its way back', verb: 'Watch' }]
  if (live.paused !== null) return [{ ...about, kind: 'paused', tone: 'warn', text: live.paused.text, verb: 'Decide' }]
  if (live.stage?.kind === 'awaiting')
    return [{ ...about, kind: 'approve', tone: 'warn', text: live.stage.text, verb: 'Review' }]
  return []
}

/** The last rollout was taken back, and nothing succeeded since. */
const ofHistory = ({ history, name }: EnvironmentView, rollouts: readonly RolloutView[]): readonly Attention[] => {
  const [last] = history
  if (last === undefined || last.outcome !== 'rolled_back') return []
  const cause = rollouts.find(({ id }) => id === last.rollout)?.cause ?? null
  return [
    {
      kind: 'rolled_back',
      tone: 'bad',
      subject: `${last.release.version} in ${name}`,
      text: cause === null ? 'rolled back' : `rolled back: ${cause.text}`,
      since: last.at,
      href: `/rollouts/${last.rollout}`,
      verb: 'Why',
    },
  ]
}

const ofObserved = ({ name, serving, observed }: EnvironmentView): readonly Attention[] => {
  if (serving === null) return []
  const about = { subject: name, since: null, href: `/environments/${name}`, verb: 'Look' }
  if (observed.instances === null)
    return [{ ...about, kind: 'unseen', tone: 'warn', text: 'what runs there could not be observed' }]
  const ended = observed.instances.filter(({ status, release }) => status === 'exited' && release.id === serving.id)
  if (ended.length === 0) return []
  const text = `${ended.length} of ${observed.instances.length} instances ended: ${ended.map(({ id }) => id).join(', ')}`
  return [{ ...about, kind: 'instances', tone: 'bad', text }]
}

const ofMaintenance = ({ name, maintenance }: EnvironmentView): readonly Attention[] =>
  maintenance === undefined || maintenance.kind === 'off'
    ? []
    : [
        {
          kind: 'maintenance',
          tone: 'warn',
          subject: name,
          text: `${maintenance.kind === 'page' ? 'everybody sees the maintenance page' : 'requests wait'}${maintenance.reason === null ? '' : `: ${maintenance.reason}`}`,
          since: maintenance.since,
          href: `/environments/${name}`,
          verb: 'Look',
        },
      ]
