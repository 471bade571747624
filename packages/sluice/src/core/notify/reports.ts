/** What a notice means to a code host: how its commit stands, or a deployment of it. Hosts have words of their own for the states. */
import type { SourceRules } from '../source/rules.ts'
import type { NotifyRoute, NotifySettings } from './rules.ts'
import type { Channel, Notice, NoticeKind } from './types.ts'

/** How a commit stands after a run, in the order of its life. */
export type CommitState = 'running' | 'succeeded' | 'failed' | 'canceled'

/** How a rollout stands. One that goes back has failed from the moment that it turns. */
export type RolloutStanding = 'waiting' | 'running' | 'succeeded' | 'failed' | 'canceled'

/** What is told of a commit. */
export type CommitReport = {
  readonly kind: 'commit'
  readonly commit: string
  /** Tells this status from those of other systems: `sluice/<service>`. */
  readonly context: string
  readonly state: CommitState
  readonly description: string
  readonly url: string | null
}

/** What is told of a rollout. */
export type RolloutReport = {
  readonly kind: 'rollout'
  readonly commit: string
  readonly environment: string
  readonly isProduction: boolean
  readonly service: string
  /** Id of the rollout; names the deployment for good. */
  readonly rollout: string
  readonly release: string | null
  readonly state: RolloutStanding
  readonly description: string
  /** When it came to stand so, epoch ms. */
  readonly at: number
  readonly url: string | null
}

/** What a code host is told of a notice; null for nothing: it is about neither a run nor a rollout, or about no commit. */
export const reportOf = (notice: Notice): CommitReport | RolloutReport | null => {
  const { subject, outcome } = notice
  // A rollback that succeeded deployed what serves after it.
  const isBack = notice.kind === 'rollout.rolled_back' && outcome === 'succeeded'
  const release = isBack ? notice.stable : notice.release
  const commit = (release?.commit ?? notice.commit)?.id
  if (commit === undefined) return null
  const { service, environment, isProduction, title: description, url } = notice
  const commitState = commitStates[notice.kind]
  if (commitState !== undefined)
    return { kind: 'commit', commit, context: `sluice/${service}`, state: commitState, description, url }
  if (subject.kind !== 'rollout' || environment === null || outcome === null) return null
  return {
    kind: 'rollout',
    commit,
    environment,
    isProduction,
    service,
    rollout: subject.id,
    release: release?.id ?? null,
    state: outcome === 'going_on' ? 'running' : outcome,
    description,
    at: notice.at,
    url,
  }
}

/** A text no longer than a host takes it. */
export const described = (text: string, charactersMax: number): string => {
  const characters = [...text]
  return characters.length <= charactersMax ? text : `${characters.slice(0, charactersMax - 1).join('')}…`
}

/** The code hosts of a config that are told, as channels; none without a token. Their names are none that a config could give. */
const reportChannels = ({ github, gitlab }: Pick<SourceRules, 'github' | 'gitlab'>): readonly Channel[] => {
  const channels: Channel[] = []
  if (github !== null && github.token !== null) {
    const { repository, token, url } = github
    channels.push({ name: 'source.github', kind: 'github', repository, token, url: githubApi(url) })
  }
  if (gitlab !== null && gitlab.token !== null) {
    const { project, token, url } = gitlab
    channels.push({ name: 'source.gitlab', kind: 'gitlab', project, token, url })
  }
  return channels
}

/** Who is told what, with the code hosts that the `source` of the config names: always, whatever the routes for others say. Null while nobody is told anything. */
export const withReports = (
  notify: NotifySettings | null,
  { source, publicUrl }: { readonly source: SourceRules | null; readonly publicUrl: string | null },
): NotifySettings | null => {
  const channels = source === null || source.report.length === 0 ? [] : reportChannels(source)
  if (source === null || channels.length === 0) return notify
  const route: NotifyRoute = {
    kinds: source.report.flatMap((kind) => reportKinds[kind]),
    environments: null,
    services: null,
    severity: null,
    channels: channels.map(({ name }) => name),
  }
  const others = notify ?? { publicUrl, channels: [], routes: [], templates: {} }
  return { ...others, channels: [...others.channels, ...channels], routes: [...others.routes, route] }
}

/**
 * Address of the API of a GitHub: GitHub.com and tenants of GitHub Enterprise Cloud with data residency (`<tenant>.ghe.com`) have a host of their own for it, a GitHub
 * Enterprise Server has it under `/api/v3` (GitHub's page "Getting started with the REST API"; read 2026-11).
 */
export const githubApi = (url: string): string => {
  const { protocol, host } = new URL(url)
  return host === 'github.com' || host.endsWith('.ghe.com') ? `${protocol}//api.${host}` : `${url}/api/v3`
}

const commitStates: Readonly<Partial<Record<NoticeKind, CommitState>>> = {
  'run.started': 'running',
  'run.succeeded': 'succeeded',
  'run.failed': 'failed',
  'run.canceled': 'canceled',
}

/** Notices by what is told. */
const reportKinds: Readonly<Record<SourceRules['report'][number], readonly NoticeKind[]>> = {
  statuses: ['run.started', 'run.succeeded', 'run.failed', 'run.canceled'],
  deployments: [
    'rollout.started',
    'rollout.waiting',
    'rollout.paused',
    'rollout.resumed',
    'rollout.step',
    'rollout.promoted',
    'rollout.rolled_back',
    'rollout.failed',
    'approval.requested',
  ],
}
