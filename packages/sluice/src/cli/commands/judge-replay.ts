import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { AnalysisPolicy } from '../../core/judge/policy.ts'
import { policyOf } from '../../core/judge/policy-file.ts'
import { replayPolicy, type ReplaySeries } from '../../core/judge/replay-policy.ts'
import type { Client } from '../../http/client/client.ts'
import { spanOf } from '../../http/client/words.ts'
import { type Cli, type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { limitOf, required } from './which.ts'

/** `sluice judge replay`. */
export const command: Command = async (cli, input) => {
  const file = required(textOption(input, 'policy') ?? undefined, 'a policy file: --policy <file>')
  const policy = policyOf(await cli.host.loadPolicy(resolve(cli.cwd, file), cli.interrupted))
  const what = seriesOf(textOption(input, 'series'), policy)
  return withClient(cli, 'read', async (client) => {
    const rollouts = await rolloutsOf(client, cli, input)
    const replays = await Promise.all(rollouts.map((rollout) => replayOf(client, rollout, { policy, what })))
    if (cli.globals.json)
      cli.json({ policy: policy.name, origin: policy.origin, semantics: policy.semantics, series: what, replays })
    else for (const line of linesOf(replays, policy, cli)) cli.print(line)
    return 0
  })
}

type Replay = {
  readonly rollout: string
  readonly environment: string
  readonly status: string
  /** Whether it was turned back on evidence. */
  readonly judged: boolean
  readonly looks: number
  readonly verdict: string
  readonly outcome: string
  readonly stoppedAfterMs: number | null
  readonly detail: string
}

const seriesOf = (given: string | null, { origin }: AnalysisPolicy): ReplaySeries => {
  if (given === null) return origin === 'argo' ? 'good' : 'bad'
  if (given === 'good' || given === 'bad') return given
  throw new SluiceError('usage_invalid', { detail: `--series is good or bad, not ${given}` })
}

const rolloutsOf = async (client: Client, { globals }: Cli, input: Input): Promise<readonly string[]> => {
  const [only] = input.args
  if (only !== undefined) return [only]
  const query = {
    limit: limitOf(textOption(input, 'limit')),
    ...(globals.environment === null ? {} : { environment: globals.environment }),
  }
  const { items } = await client.call('rollouts.list', { query })
  return items.map(({ id }) => id)
}

const replayOf = async (
  client: Client,
  id: string,
  { policy, what }: { readonly policy: AnalysisPolicy; readonly what: ReplaySeries },
): Promise<Replay> => {
  const { rollout, curve } = await client.call('rollouts.why', { params: { rollout: id } })
  const past = { startedAt: rollout.startedAt, moments: curve, ended: rollout.settledAt !== null }
  const { final, stoppedAt } = replayPolicy(policy, past, what)
  return {
    rollout: rollout.id,
    environment: rollout.environment,
    status: rollout.status,
    judged: rollout.cause?.kind === 'tripped' || rollout.cause?.kind === 'judged',
    looks: curve.length,
    verdict: final.verdict,
    outcome: final.outcome,
    stoppedAfterMs: stoppedAt === null ? null : stoppedAt - rollout.startedAt,
    detail: final.detail,
  }
}

const linesOf = (replays: readonly Replay[], policy: AnalysisPolicy, { style }: Cli): readonly string[] => {
  if (replays.length === 0) return ['no rollouts yet']
  const rows = replays.map((one) => [
    one.rollout,
    one.status.replace('_', ' '),
    String(one.looks),
    one.outcome,
    one.verdict,
    one.stoppedAfterMs === null ? '' : `after ${spanOf(one.stoppedAfterMs)}`,
    one.detail,
  ])
  const stopped = (of: readonly Replay[]): string =>
    `${of.filter(({ stoppedAfterMs }) => stoppedAfterMs !== null).length} of ${of.length}`
  return [
    ...tableLines(['rollout', 'ended', 'looks', 'outcome', 'verdict', 'stopped', 'why'], rows, style),
    '',
    `${policy.name} would have stopped ${stopped(replays.filter(({ judged }) => judged))} that were turned back on evidence,`,
    `and ${stopped(replays.filter(({ status }) => status === 'succeeded'))} that went all the way`,
  ]
}
