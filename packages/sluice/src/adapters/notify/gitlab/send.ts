/**
 * Tells GitLab: runs as commit statuses, rollouts as deployments. A deployment of GitLab carries no word of ours, so that one whose making was not answered is known by
 * its commit while it is under way: an environment has one rollout at a time. Each is made as one under way, and ended by a second call.
 */
import { z } from 'zod'
import type { CommitReport, RolloutReport } from '../../../core/notify/reports.ts'
import type { Delivered } from '../../../ports/notifier.ts'
import type { DeliveryTo, Tools } from '../channel.ts'
import { type CodeHost, delivered, notReadable, sendToHost, type Telling, type Told } from '../code-host.ts'
import * as requests from './requests.ts'

/** Attempts a delivery. Rejects with a `SluiceError` where its token cannot be had. */
export const sendGitlab = (
  delivery: DeliveryTo<'gitlab'>,
  tools: Pick<Tools, 'secret'>,
  signal: AbortSignal,
): Promise<Delivered> => sendToHost(gitlab, { delivery, token: delivery.channel.token, tools }, signal)

const gitlab: CodeHost<'gitlab'> = {
  name: 'GitLab',
  headersOf: (token) => headersOf(token),
  anything: requests.anything,
  tellCommit: (telling) => tellCommit(telling),
  tellRollout: (telling) => tellRollout(telling),
}

const headersOf = (token: string): Readonly<Record<string, string>> => ({ 'private-token': token })

const statusSchema = z.object({ pipeline_id: z.number().int().nullish() })

const tellCommit = async ({ channel, ask, report, previous }: Telling<'gitlab', CommitReport>): Promise<Delivered> => {
  const known = previous?.['pipeline']
  const told = await ask(requests.commitStatus(channel, report, known === undefined ? null : Number(known)))
  if (told.kind !== 'ok') {
    if (isBusy(told)) return { status: 'later', detail: told.detail, retryAfterMs: null }
    return isThere(told) ? { status: 'delivered', receipt: previous ?? {} } : delivered(told)
  }
  const pipeline = statusSchema.safeParse(told.body).data?.pipeline_id ?? null
  return { status: 'delivered', receipt: pipeline === null ? {} : { pipeline: String(pipeline) } }
}

/** GitLab says 409 while another request changes the same status. */
const isBusy = (told: Told): boolean => told.kind === 'refused' && told.status === 409

/** GitLab refuses a state that a status has, or has left behind: "Cannot transition status via :run from :running". It has heard it then. */
const isThere = (told: Told): boolean =>
  told.kind === 'refused' && told.status === 400 && /cannot transition status via/i.test(told.detail)

const tellRollout = async (telling: Telling<'gitlab', RolloutReport>): Promise<Delivered> => {
  const { channel, ask } = telling
  const found = await recordFor(telling)
  if (!('id' in found)) return delivered(found)
  const wanted = await stateToTell(telling, found)
  if (typeof wanted !== 'string') return delivered(wanted)
  const receipt = { deployment: found.id, state: wanted }
  if (found.state === wanted) return { status: 'delivered', receipt }
  const told = await ask(requests.newState(channel, found.id, wanted))
  if (told.kind === 'ok') return { status: 'delivered', receipt }
  if (told.kind !== 'refused' || told.status !== 400) return delivered(told)
  // It refuses a state that the deployment has: whether it has is looked at, not read out of the words.
  const seen = await ask(requests.recordOf(channel, found.id))
  if (seen.kind === 'later') return delivered(seen)
  const isSaid = seen.kind === 'ok' && deploymentSchema.safeParse(seen.body).data?.status === wanted
  return isSaid ? { status: 'delivered', receipt } : delivered(told)
}

const deploymentSchema = z.object({
  id: z.number().int(),
  sha: z.string(),
  status: z.string(),
  created_at: z.string().nullish(),
})

/**
 * GitLab shows the deployment that succeeded last as the one in service. Where another one is in service that was begun after this rollout had its end, the word of that end came late: what it is
 * about is out, for which GitLab has no state but `canceled`.
 */
const stateToTell = async (
  { channel, ask, report }: Telling<'gitlab', RolloutReport>,
  found: Deployment,
): Promise<string | Told> => {
  const wanted = requests.stateFor(report)
  if (report.state !== 'succeeded' || found.state === wanted) return wanted
  const listed = await ask(requests.newestRecords(channel, report))
  if (listed.kind !== 'ok') return listed
  const there = z.array(deploymentSchema).safeParse(listed.body).data
  if (there === undefined) return notReadable('GitLab')
  const isLate = there.some(
    ({ id, status, created_at: begun }) =>
      String(id) !== found.id && status === 'success' && Date.parse(begun ?? '') > report.at,
  )
  return isLate ? requests.outOfService : wanted
}

type Deployment = { readonly id: string; readonly state: string }

/** The rollout's deployment and its state as far as it is known: the one that the receipt names, one that is there, or a new one. */
const recordFor = async (telling: Telling<'gitlab', RolloutReport>): Promise<Deployment | Told> => {
  const { channel, ask, report, previous } = telling
  const known = previous?.['deployment']
  if (known !== undefined) return { id: known, state: previous?.['state'] ?? '' }
  const listed = await ask(requests.newestRecords(channel, report))
  if (listed.kind !== 'ok') return listed
  const there = z.array(deploymentSchema).safeParse(listed.body).data
  if (there === undefined) return notReadable('GitLab')
  const own = ownAmong(there, report)
  if (own !== undefined) return { id: String(own.id), state: own.status }
  const made = await ask(requests.newRecord(channel, report))
  if (made.kind !== 'ok') return made
  const deployment = deploymentSchema.safeParse(made.body).data
  return deployment === undefined ? notReadable('GitLab') : { id: String(deployment.id), state: deployment.status }
}

/** One under way of the same commit; or the newest of all, which an unanswered call may have ended as this one would. */
const ownAmong = (
  newestFirst: readonly z.infer<typeof deploymentSchema>[],
  report: RolloutReport,
): z.infer<typeof deploymentSchema> | undefined => {
  const isOwn = ({ sha }: { readonly sha: string }): boolean => sha === report.commit
  const [newest] = newestFirst
  const ended =
    newest !== undefined && isOwn(newest) && newest.status === requests.stateFor(report) ? newest : undefined
  return newestFirst.find((one) => one.status === 'running' && isOwn(one)) ?? ended
}
