/**
 * Tells GitHub: runs as commit statuses, rollouts as deployments. Messages may come twice, and the answer to one that arrived may be lost, so that nothing is made before it was
 * looked for: a deployment carries the id of its rollout in its payload, and a status that is the newest already is not said again.
 */
import { type RolloutReport, reportOf } from '../../../core/notify/reports.ts'
import type { Receipt } from '../../../core/notify/types.ts'
import { type ApiAnswer, type ApiCall, callApi, headerSecret } from '../../../lib/api-call.ts'
import type { Delivered } from '../../../ports/notifier.ts'
import type { DeliveryTo, Tools } from '../channel.ts'
import { delivered, noToken, notReadable, type Told } from '../code-host.ts'
import { readRecord, readRecords, readNewestStatus } from './answers.ts'
import * as requests from './requests.ts'

/** Attempts a delivery. Rejects with a `SluiceError` where its token cannot be had. */
export const sendGithub = async (
  { channel, notice, previous }: DeliveryTo<'github'>,
  { secret }: Pick<Tools, 'secret'>,
  signal: AbortSignal,
): Promise<Delivered> => {
  const report = reportOf(notice)
  if (report === null && notice.kind !== 'test') return { status: 'delivered', receipt: previous ?? {} }
  const token = headerSecret(await secret(channel.token, signal))
  if (token === null) return noToken('GitHub', channel.token)
  const place = { name: 'GitHub', headers: headersOf(token), secret: token }
  const ask: Ask = (call) => callApi(place, call, signal)
  if (report === null) {
    const seen = await ask(requests.anything(channel))
    return seen.kind === 'ok' ? { status: 'delivered', receipt: {} } : delivered(seen)
  }
  if (report.kind === 'rollout') return tellRollout({ channel, ask, report, previous })
  const told = await ask(requests.commitStatus(channel, report))
  return told.kind === 'ok' ? { status: 'delivered', receipt: {} } : delivered(told)
}

type Ask = (call: ApiCall) => Promise<ApiAnswer>
type Telling = {
  readonly channel: DeliveryTo<'github'>['channel']
  readonly ask: Ask
  readonly report: RolloutReport
  readonly previous: Receipt | null
}

const headersOf = (token: string): Readonly<Record<string, string>> => ({
  accept: 'application/vnd.github+json',
  authorization: `Bearer ${token}`,
  'x-github-api-version': '2022-11-28',
})

const tellRollout = async (telling: Telling): Promise<Delivered> => {
  const { report } = telling
  const found = await recordFor(telling)
  if (typeof found !== 'string') return delivered(found)
  const said = await say(telling, found, { ...requests.statusFor(report), url: report.url })
  if (said !== null) return delivered(said)
  const left = report.state === 'succeeded' && report.isProduction ? await leaveEarlier(telling, found) : null
  return left === null ? { status: 'delivered', receipt: { deployment: found } } : delivered(left)
}

/** The id of the rollout's deployment: the one that the receipt names, one that is there, or a new one. */
const recordFor = async ({ channel, ask, report, previous }: Telling): Promise<string | Told> => {
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
  { channel, ask }: Telling,
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
const leaveEarlier = async (telling: Telling, current: string): Promise<Told | null> => {
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

const leave = (telling: Telling, id: string): Promise<Told | null> =>
  say(telling, id, { state: 'inactive', description: 'Another release serves now', url: null })
