/**
 * Tells GitHub: runs as commit statuses, rollouts as deployments. Messages may come twice, and the answer to one that arrived may be lost, so that nothing is made before it was
 * looked for: a deployment carries the id of its rollout in its payload, and a status that is the newest already is not said again.
 */
import type { RolloutReport } from '../../../core/notify/reports.ts'
import type { Delivered } from '../../../ports/notifier.ts'
import type { DeliveryTo, Tools } from '../channel.ts'
import { type CodeHost, delivered, notReadable, sendToHost, type Telling, type Told } from '../code-host.ts'
import { readRecord, readRecords, readNewestStatus } from './answers.ts'
import * as requests from './requests.ts'

/** Attempts a delivery. Rejects with a `SluiceError` where its token cannot be had. */
export const sendGithub = (
  delivery: DeliveryTo<'github'>,
  tools: Pick<Tools, 'secret'>,
  signal: AbortSignal,
): Promise<Delivered> => sendToHost(github, { delivery, token: delivery.channel.token, tools }, signal)

const github: CodeHost<'github'> = {
  name: 'GitHub',
  headersOf: (token) => headersOf(token),
  anything: requests.anything,
  tellCommit: async ({ channel, ask, report }) => {
    const told = await ask(requests.commitStatus(channel, report))
    return told.kind === 'ok' ? { status: 'delivered', receipt: {} } : delivered(told)
  },
  tellRollout: (telling) => tellRollout(telling),
}

const headersOf = (token: string): Readonly<Record<string, string>> => ({
  accept: 'application/vnd.github+json',
  authorization: `Bearer ${token}`,
  'x-github-api-version': '2022-11-28',
})

const tellRollout = async (telling: Telling<'github', RolloutReport>): Promise<Delivered> => {
  const { report } = telling
  const found = await recordFor(telling)
  if (typeof found !== 'string') return delivered(found)
  const said = await say(telling, found, { ...requests.statusFor(report), url: report.url })
  if (said !== null) return delivered(said)
  const left = report.state === 'succeeded' && report.isProduction ? await leaveEarlier(telling, found) : null
  return left === null ? { status: 'delivered', receipt: { deployment: found } } : delivered(left)
}

/** The id of the rollout's deployment: the one that the receipt names, one that is there, or a new one. */
const recordFor = async ({
  channel,
  ask,
  report,
  previous,
}: Telling<'github', RolloutReport>): Promise<string | Told> => {
  const known = previous?.['deployment']
  if (known !== undefined) return known
  const listed = await ask(requests.recordsOf(channel, report))
  if (listed.kind !== 'ok') return listed
  const there = readRecords(listed.body)
  if (there === null) return notReadable('GitHub')
  const own = there.find(({ rollout }) => rollout === report.rollout)
  if (own !== undefined) return own.id
  const made = await ask(requests.newRecord(channel, report))
  if (made.kind !== 'ok') return made
  return readRecord(made.body)?.id ?? notReadable('GitHub')
}

/** Says how a deployment stands, unless that was the last thing said; null when it is said. */
const say = async (
  { channel, ask }: Telling<'github', RolloutReport>,
  deployment: string,
  wanted: requests.RecordStatus & { readonly url: string | null },
): Promise<Told | null> => {
  const listed = await ask(requests.statusOf(channel, deployment))
  if (listed.kind !== 'ok') return listed
  const newest = readNewestStatus(listed.body)
  if (newest === undefined) return notReadable('GitHub')
  if (newest?.state === wanted.state && newest.description === wanted.description) return null
  const made = await ask(requests.newStatus(channel, deployment, wanted))
  return made.kind === 'ok' ? null : made
}

/**
 * GitHub takes earlier deployments out of service by itself, but for those to production (its page on `auto_inactive`). Goes back to the first that is out already. Where one of a later rollout
 * is in service, this message came late, and what it is about is out; null when done. Ids of rollouts are in the order of their making; deployments are not, where the beginning was told late, too.
 */
const leaveEarlier = async (telling: Telling<'github', RolloutReport>, current: string): Promise<Told | null> => {
  const { channel, ask, report } = telling
  const listed = await ask(requests.recordsTo(channel, report.environment))
  if (listed.kind !== 'ok') return listed
  const there = readRecords(listed.body)
  if (there === null) return notReadable('GitHub')
  const newestFirst = there.toSorted((a, b) => ((a.rollout ?? '') < (b.rollout ?? '') ? 1 : -1))
  for (const { id, service, rollout } of newestFirst) {
    const isLater = rollout !== null && rollout > report.rollout
    if (id === current || service !== report.service) continue
    const statuses = await ask(requests.statusOf(channel, id))
    if (statuses.kind !== 'ok') return statuses
    const newest = readNewestStatus(statuses.body)
    if (newest?.state === 'inactive' && !isLater) return null
    if (newest?.state !== 'success') continue
    if (isLater) return leave(telling, current)
    const left = await leave(telling, id)
    if (left !== null) return left
  }
  return null
}

const leave = (telling: Telling<'github', RolloutReport>, id: string): Promise<Told | null> =>
  say(telling, id, { state: 'inactive', description: 'Another release serves now', url: null })
