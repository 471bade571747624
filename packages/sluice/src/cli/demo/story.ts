/** The demo's story: three commits through the real thing, told as it is observed. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Client } from '../../http/client/client.ts'
import type { RolloutDetailView } from '../../http/client/views.ts'
import type { RunDetailView } from '../../http/client/run-views.ts'
import { badOf, percentOf } from '../../http/client/words.ts'
import { failedRequests, type Incident, incidentOf, atMost, type Outcome, same } from './observed.ts'
import type { Chapter, DemoPorts, Project } from './project.ts'
import { startTraffic, type Traffic } from './traffic.ts'
import type { TrafficReport } from './traffic-shape.ts'

/** Who tells it: a live terminal or plain lines. */
export type Teller = {
  readonly chapter: (title: string) => void
  readonly line: (text: string) => void
  readonly run: (run: RunDetailView) => void
  readonly rollout: (rollout: RolloutDetailView) => void
}

/** What the story needs. */
export type Stage = {
  readonly client: Client
  readonly project: Project
  readonly ports: DemoPorts
  readonly teller: Teller
  readonly signal: AbortSignal
}

/** What came of it. */
export type Ending = {
  readonly outcomes: readonly Outcome[]
  readonly incident: Incident
  readonly traffic: TrafficReport
  readonly failedRequests: number
}

/** Requests a second of the load, and pages of a visitor. */
const requestsPerSecond = 300
const pagesPerVisitor = 5
/** How often a view of something under way is asked for, milliseconds. */
const lookMs = 120
/** A rollout or run of the demo that takes longer is stuck, milliseconds. */
const patienceMs = 60_000
/** Traffic goes on for a moment after the last rollout, so that what it broke would be seen, milliseconds. */
const afterwardsMs = 1_000

/** Plays the three chapters. Rejects when something does not happen at all; what happened otherwise than wanted is in the outcomes. */
export const play = async (stage: Stage): Promise<Ending> => {
  const { teller, ports } = stage
  teller.chapter('1 · a good release, from a commit to production')
  const good = await commitToStaging(stage, '1-good')
  const first = await rollOut(stage, 'production')
  const goodRelease = first.to.id
  teller.chapter('2 · a release with a bug, under live traffic')
  const traffic = startTraffic({
    url: originOf(ports.production),
    paths: await pagesOf(ports.production),
    requestsPerSecond,
    pagesPerVisitor,
  })
  try {
    const bad = await commitToStaging(stage, '2-bad')
    const second = await rollOut(stage, 'production')
    const afterBad = await servedBy(ports.production)
    const incident = incidentOf(await traffic.report(), bad, second)
    teller.line(
      `${incident.badResponses} bad responses; the cut came ${Math.round(incident.detectMs)} ms after the first of them`,
    )
    teller.chapter('3 · the fix')
    const fixed = await commitToStaging(stage, '3-fixed')
    const third = await rollOut(stage, 'production')
    const report = await endOf(traffic)
    const failed = failedRequests(report, bad)
    const ledger = await stage.client.call('ledger.verify', {})
    const environments = await stage.client.call('environments.list', {})
    const serving = (name: string): string =>
      environments.environments.find((one) => one.name === name)?.serving?.id ?? 'nothing'
    const outcomes = [
      {
        name: 'production first served',
        wanted: 'the release that staging verified',
        seen: first.status,
        ok: first.status === 'succeeded',
      },
      {
        name: 'the bad release was',
        wanted: 'taken back by the judge',
        seen: tellEnd(second),
        ok: second.status === 'rolled_back' && isJudged(second),
      },
      atMost('users saw of it', incident.badResponses, { limit: 10, unit: 'bad responses' }),
      atMost('traffic was back after', incident.cutMs, { limit: 100, unit: 'ms' }),
      same('production then served', good, afterBad),
      { name: 'the fix', wanted: 'succeeded', seen: third.status, ok: third.status === 'succeeded' },
      same('production now serves', fixed, await servedBy(ports.production)),
      same('staging and production serve', short(serving('staging')), short(serving('production'))),
      {
        name: 'other releases than before',
        wanted: 'three releases',
        seen: `${new Set([goodRelease, second.to.id, third.to.id]).size}`,
        ok: new Set([goodRelease, second.to.id, third.to.id]).size === 3,
      },
      atMost('other failed requests', failed, { limit: 0, unit: `of ${report.requests}` }),
      {
        name: 'the ledger',
        wanted: 'verifies',
        seen: ledger.status === 'whole' ? 'verifies' : `is broken: ${ledger.detail}`,
        ok: ledger.status === 'whole',
      },
    ]
    return { outcomes, incident, traffic: report, failedRequests: failed }
  } finally {
    await traffic.close()
  }
}

/** Commit, pipeline, release, staging. Gives the version as the service names itself. */
const commitToStaging = async (stage: Stage, chapter: Chapter): Promise<string> => {
  const { id, subject } = await stage.project.commit(chapter)
  stage.teller.line(`git commit ${id.slice(0, 7)}  ${subject}`)
  const { run } = await stage.client.call('runs.start', { body: { ref: id } })
  const finished = await until(
    () => stage.client.call('runs.show', { params: { run } }),
    (view) => {
      stage.teller.run(view)
      return view.status === 'succeeded' || view.status === 'failed' || view.status === 'cancelled'
    },
    stage.signal,
  )
  if (finished.status !== 'succeeded')
    throw new SluiceError('run_failed', { detail: `the pipeline of ${subject} ended ${finished.status}` })
  const staged = await rollOut(stage, 'staging')
  if (staged.status !== 'succeeded')
    throw new SluiceError('rolled_back', {
      detail: `staging took ${subject} back: ${staged.cause?.text ?? staged.status}`,
    })
  return servedBy(stage.ports.staging)
}

const rollOut = async (stage: Stage, environment: 'staging' | 'production'): Promise<RolloutDetailView> => {
  const { client, teller } = stage
  const { rollout } =
    environment === 'staging'
      ? await client.call('environments.deploy', { params: { environment }, body: {} })
      : await client.call('environments.promote', { params: { environment }, body: {} })
  return until(
    () => client.call('rollouts.show', { params: { rollout } }),
    (view) => {
      teller.rollout(view)
      return view.status === 'succeeded' || view.status === 'rolled_back' || view.status === 'parked'
    },
    stage.signal,
  )
}

const originOf = (port: number): string => `http://127.0.0.1:${port}`

/** The release that answers, in its own words. */
const servedBy = async (port: number): Promise<string> => {
  const response = await fetch(`${originOf(port)}/api/version`, { signal: AbortSignal.timeout(5_000) })
  await response.arrayBuffer()
  return response.headers.get('x-storefront-version') ?? 'nobody'
}

/** Pages that visitors find from the front page on. As in any shop, a few get most of the visits: half of them go to the bikes. */
const pagesOf = async (port: number): Promise<readonly string[]> => {
  const linksOn = async (path: string): Promise<readonly string[]> => {
    const text = await (await fetch(originOf(port) + path)).text()
    return [...text.matchAll(/href="(\/[^"#]*)"/g)].map((found) => found[1] ?? '/')
  }
  const everything = [
    ...new Set(['/', '/cart', '/search?q=bike', ...(await linksOn('/')), ...(await linksOn('/products'))]),
  ]
  const bikes = (await linksOn('/categories/bikes')).filter((path) => path.startsWith('/products/'))
  const times = Math.ceil(everything.length / Math.max(1, bikes.length))
  return [...everything, ...Array.from({ length: times }, () => bikes).flat()]
}

const endOf = async (traffic: Traffic): Promise<TrafficReport> => {
  await pause(afterwardsMs)
  await traffic.stop()
  // What is in flight at the stop is answered within this time, or it is a failure that the last report shows.
  await pause(afterwardsMs / 2)
  return traffic.report()
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const until = async <View>(
  look: () => Promise<View>,
  isOver: (view: View) => boolean,
  signal: AbortSignal,
): Promise<View> => {
  const started = performance.now()
  for (;;) {
    const view = await look()
    if (isOver(view)) return view
    signal.throwIfAborted()
    if (performance.now() - started > patienceMs)
      throw new SluiceError('wait_timeout', { detail: `nothing came to an end in ${patienceMs / 1_000} s` })
    await pause(lookMs)
  }
}

const short = (id: string): string => id.slice(0, limits.shortIdLength)

const isJudged = ({ cause }: RolloutDetailView): boolean => cause?.kind === 'tripped' || cause?.kind === 'judged'

const tellEnd = ({ status, lastVerdict }: RolloutDetailView): string =>
  lastVerdict === null
    ? status
    : `${status.replace('_', ' ')}: ${badOf(lastVerdict.candidate)} at ${percentOf(lastVerdict.shareBp)}`
