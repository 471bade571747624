/**
 * Performs an arrival's effects: fetches what was told of, and starts what its commit says it starts. What a pipeline is, the commit's own config says; who may do what (which branches are trusted,
 * which secrets a job gets, where commits come from) only the config that the control plane itself stands in.
 */
import type { Settings } from '../../core/config/settings.ts'
import { SluiceError } from '../../core/errors.ts'
import type { RunId } from '../../core/model.ts'
import { tagScope } from '../../core/pipeline/cache/run-cache.ts'
import { pullRequestStartsRun, startsRun } from '../../core/pipeline/triggers.ts'
import type { RunTrigger } from '../../core/pipeline/types.ts'
import { addressOf } from '../../core/source/address.ts'
import { markOf, type RemoteState } from '../../core/source/remote.ts'
import type { ForeignPipeline, SourceRules } from '../../core/source/rules.ts'
import type { Arrival, ArrivalEffect, ArrivalHint, ArrivalResult, ArrivalRun } from '../../core/source/types.ts'
import type { ArrivedAt } from '../../ports/pipelines.ts'
import type { RemotePlace } from '../../ports/source.ts'
import type { Ports } from '../ports.ts'
import { type ArrivedCommit, configOf, occasionAt, type StartRunCommand } from '../commands/runs.ts'

/** What performing may ask of the engine. */
export type Arrivals = {
  readonly remoteState: () => Promise<RemoteState>
  /** The run that was started under a key; null when none was. */
  readonly askedFor: (key: string) => Promise<RunId | null>
  readonly start: (
    command: StartRunCommand,
    who: { readonly from: string; readonly key: string; readonly why: string; readonly signal: AbortSignal },
  ) => Promise<RunId>
}

/** What performing needs. */
export type ArrivalWorld = Pick<Ports, 'remote' | 'project' | 'config' | 'runner' | 'source' | 'secrets'> & {
  readonly arrivals: Arrivals
}

type Work = { readonly arrival: Arrival; readonly effect: ArrivalEffect }

/** Performs one effect. Rejects with SluiceError; the machine does it again under the same key. */
export const performArrival = async (
  world: ArrivalWorld,
  { arrival, effect }: Work,
  signal: AbortSignal,
): Promise<ArrivalResult> => {
  const { hint } = arrival
  const { action } = effect
  const current = await world.project.settings(signal)
  const rules = rulesOf(current)
  if (action.kind === 'fetch') {
    const wish = { ref: hint.ref, base: hint.pullRequest?.base ?? null }
    const place = await placeOf(world, rules, signal)
    // First what is known, then what is there: what others record in between tells that this fetch was overtaken.
    const over = markOf(await world.arrivals.remoteState(), hint.ref)
    return { kind: 'fetched', over, ...(await world.remote.fetch(place, wish, signal)) }
  }
  const against = await belongsTo(world, arrival)
  if (against !== null && !(await hasBegun(world, effect, rules))) return against
  return start(world, { arrival, effect, current, rules, commit: action.commit }, signal)
}

/** Where commits are fetched from, with what lets in. `not_found` for a secret that there is not. */
export const placeOf = async (
  { secrets }: Pick<ArrivalWorld, 'secrets'>,
  rules: SourceRules,
  signal: AbortSignal,
): Promise<RemotePlace> => {
  const { address, token } = addressOf(rules)
  if (token === null) return { address, login: null }
  const values = await secrets.values(await secrets.versions([token.secret], signal), signal)
  return { address, login: { user: token.user, password: values[token.secret] ?? '' } }
}

/** `config_invalid` where the config names none (any more). */
const rulesOf = ({ source }: Settings): SourceRules => {
  if (source !== undefined) return source
  throw new SluiceError('config_invalid', {
    detail: 'the config names no source that commits come from',
    hint: "source: { remote: '…' } in sluice.config.ts",
  })
}

/** Why the ref that was fetched is not this arrival's to start; null when it is. What a person wants once more is started whoever told of it first. */
const belongsTo = async ({ arrivals }: ArrivalWorld, arrival: Arrival): Promise<ArrivalResult | null> => {
  if (arrival.turn > 1 || arrival.status !== 'fetched') return null
  const { hint, object } = arrival
  const seen = (await arrivals.remoteState()).refs[hint.ref]
  if (seen?.arrival === hint.id) return null
  if (seen?.object !== object) return { kind: 'overtaken' }
  const because =
    seen.arrival === null ? 'it was there before this source was' : `${seen.arrival} has told of it already`
  return { kind: 'ignored', because }
}

/** Whether something was started by it already, before whoever performed it died: that is so, whatever the ref did meanwhile. */
const hasBegun = async (
  { arrivals }: ArrivalWorld,
  { key }: ArrivalEffect,
  { pipelines }: SourceRules,
): Promise<boolean> => {
  for (const pipeline of [null, ...pipelines]) if ((await arrivals.askedFor(keyOf(key, pipeline))) !== null) return true
  return false
}

/** What the run of a pipeline is asked for under. */
const keyOf = (key: string, pipeline: ForeignPipeline | null): string => `${key}/${pipeline?.file ?? 'config'}`

type Starting = Work & {
  readonly current: Settings
  readonly rules: SourceRules
  readonly commit: ArrivedCommitId
}
type ArrivedCommitId = Extract<ArrivalEffect['action'], { kind: 'start' }>['commit']

const start = async (world: ArrivalWorld, starting: Starting, signal: AbortSignal): Promise<ArrivalResult> => {
  const { rules, effect } = starting
  const at = await standingOf(world, starting, signal)
  const runs: ArrivalRun[] = []
  const reasons: string[] = []
  for (const pipeline of [null, ...rules.pipelines]) {
    const key = keyOf(effect.key, pipeline)
    const known = await world.arrivals.askedFor(key)
    const said = known ?? (await startOne(world, { ...starting, at, pipeline, key }, signal))
    if (typeof said === 'object') reasons.push(said.because)
    else runs.push({ run: said, pipeline: pipeline?.file ?? null })
  }
  return runs.length > 0 ? { kind: 'started', runs } : { kind: 'ignored', because: reasons.join('; ') }
}

const standingOf = async (
  { remote, arrivals }: ArrivalWorld,
  { arrival: { hint }, commit }: Starting,
  signal: AbortSignal,
): Promise<ArrivedAt> => {
  const { ref, pullRequest } = hint
  const seen = (await arrivals.remoteState()).refs[ref]
  // What was seen there goes before what somebody says. A pull request is all that it would bring, however often it was pushed to.
  const before = pullRequest === null ? (seen?.before ?? hint.before) : null
  const standing = await remote.standing({ commit, before, base: pullRequest?.base ?? null }, signal)
  const short = ref.split('/').slice(2).join('/')
  return {
    branch: pullRequest?.head ?? (ref.startsWith('refs/heads/') ? short : null),
    tag: ref.startsWith('refs/tags/') ? short : null,
    before: standing.base,
    changed: standing.changed,
    pullRequest,
    title: hint.title,
  }
}

type StartingOne = Starting & {
  readonly at: ArrivedAt
  /** Null for the pipeline of the config. */
  readonly pipeline: ForeignPipeline | null
  readonly key: string
}

/** The run, or why there is none. */
const startOne = async (
  world: ArrivalWorld,
  starting: StartingOne,
  signal: AbortSignal,
): Promise<RunId | { readonly because: string }> => {
  const { arrival, at, current, commit, pipeline, key } = starting
  const { hint } = arrival
  const isUntrusted = !isTrusted(current, at)
  const arrived: ArrivedCommit = {
    at,
    trigger: triggerOf(hint, at),
    cacheName: cacheNameOf(hint, at),
    isUntrusted,
  }
  const command = { ref: commit, jobs: null, arrived }
  const who = { from: hint.from, key, why: whyOf(hint), signal }
  if (pipeline !== null) return startForeign(world, { ...starting, pipeline, command, who })
  const settings = await settingsOf(world, starting, signal)
  if (settings === null) return { because: 'the commit has no sluice.config.ts' }
  const because = reasonAgainst(settings, arrived)
  if (because !== null) return { because }
  if (isUntrusted) assertOwnSecrets(settings, current)
  return world.arrivals.start(command, who)
}

const cacheNameOf = ({ pullRequest, ref }: ArrivalHint, { branch, tag }: ArrivedAt): string => {
  if (pullRequest !== null) return String(pullRequest.number)
  return tag === null ? (branch ?? ref) : tagScope(tag)
}

type ForeignStart = StartingOne & {
  readonly pipeline: ForeignPipeline
  readonly command: StartRunCommand & { readonly arrived: ArrivedCommit }
  readonly who: Parameters<Arrivals['start']>[1]
}

const startForeign = async (
  { arrivals }: ArrivalWorld,
  { arrival, pipeline, command, who }: ForeignStart,
): Promise<RunId | { readonly because: string }> => {
  const { hint } = arrival
  const names = command.arrived.isUntrusted ? [] : pipeline.secrets
  const asked = {
    kind: pipeline.kind,
    file: pipeline.file,
    event: foreignEvent(pipeline, hint),
    payload: hint.payload ?? { ref: hint.ref },
    played: [],
    inputs: {},
    variables: {},
    secrets: Object.fromEntries(names.map((name) => [name, null])),
    secretFiles: {},
    runners: {},
    containers: 'refuse' as const,
    actions: null,
    skippedActions: [],
    skippedIncludes: [],
  }
  try {
    return await arrivals.start({ ...command, pipeline: asked }, who)
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'not_found') return { because: error.detail }
    throw error
  }
}

const foreignEvent = ({ kind }: ForeignPipeline, { event }: ArrivalHint): string => {
  if (event !== 'pull_request') return 'push'
  return kind === 'github' ? 'pull_request' : 'merge_request_event'
}

/** Null where the commit has none. */
const settingsOf = async (
  world: ArrivalWorld,
  { arrival, commit }: Starting,
  signal: AbortSignal,
): Promise<Settings | null> => {
  try {
    return (await configOf(world, { id: arrival.hint.id, commit: { id: commit } }, signal)).settings
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'config_missing') return null
    throw error
  }
}

/** Whether the project's own config lets pushes there start runs: what a branch says of itself counts for nothing in this. A pull request is what somebody would like to have. */
const isTrusted = ({ pipeline }: Settings, { branch, tag, pullRequest }: ArrivedAt): boolean =>
  pullRequest === null && startsRun(pipeline.on, { branch, tag, changed: null })

const reasonAgainst = ({ pipeline }: Settings, arrived: ArrivedCommit): string | null => {
  const { branch, tag, changed, trigger } = { ...occasionAt(arrived) }
  const base = arrived.at.pullRequest?.base ?? null
  const starts =
    base === null
      ? startsRun(pipeline.on, { branch, tag, changed })
      : pullRequestStartsRun(pipeline.on, base, { branch, changed })
  if (starts) return null
  const what = base === null ? (tag === null ? `branch ${branch ?? ''}` : `tag ${tag}`) : `a pull request into ${base}`
  return `nothing in pipeline.on starts a ${trigger.event} run for ${what}${pipeline.on.paths === null ? '' : ' with these changes'}`
}

/** A job of a commit that nobody vouches for gets what the project's own config gives to the job of that name, and nothing else. */
const assertOwnSecrets = ({ pipeline }: Settings, current: Settings): void => {
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    const given = current.pipeline.jobs[name]?.secrets ?? []
    const more = job.secrets.find((secret) => !given.includes(secret))
    if (more === undefined) continue
    throw new SluiceError('forbidden', {
      detail: `job ${name} of this commit asks for the secret ${more}, which the project's own config does not give to it`,
      hint: 'merge the change of the config first',
    })
  }
}

const triggerOf = (hint: ArrivalHint, { branch, tag }: ArrivedAt): RunTrigger => {
  const { id, from, sender, url, title, event, pullRequest } = hint
  const name = pullRequest === null ? (tag ?? branch) : String(pullRequest.number)
  return { event, name, inputs: {}, arrival: { id, from, sender, url, title } }
}

const whyOf = ({ id, from, ref, sender }: ArrivalHint): string =>
  `${ref} arrived by ${from}${sender === null ? '' : `, pushed by ${sender}`} (${id})`
