import { SluiceError } from '../../core/errors.ts'
import type { HotfixInput, OverridesInput, RollbackInput } from '../../http/client/contract-rollback.ts'
import type { Client } from '../../http/client/client.ts'
import type { StartedView } from '../../http/client/views.ts'
import { type Cli, flagOption, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { telling } from '../told.ts'
import { followRollout, freshKey, timeoutOf } from './follow.ts'
import { untilStarted } from './queued.ts'
import { chosenEnvironment } from './which.ts'

/** Which way a release goes. */
export type Way = {
  readonly route: 'environments.deploy' | 'environments.promote' | 'environments.rollback'
  readonly words: string
  readonly release: string | null
  readonly body: Pick<RollbackInput, 'category' | 'emergency' | 'overrides'> & HotfixInput
}

/** What a person passes over, in so many words. */
export const overridesOf = (input: Input): OverridesInput => {
  const overrides = [
    ...(flagOption(input, 'despiteHold') ? (['held'] as const) : []),
    ...(flagOption(input, 'forceAcrossContract') ? (['point_of_no_return'] as const) : []),
  ]
  return overrides.length === 0 ? {} : { overrides }
}

/** That it is a hotfix, and what it makes good. */
export const hotfixOf = (input: Input): HotfixInput => {
  const named = textOption(input, 'remediates')
  const remediates = (named ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]))
  if (named !== null && remediates.length === 0)
    throw new SluiceError('usage_invalid', {
      detail: '--remediates names no rollout',
      hint: 'sluice rollout ls   lists them; for a hotfix of nothing in particular: --hotfix',
    })
  return named === null && !flagOption(input, 'hotfix') ? {} : { hotfix: { remediates } }
}

/** Asks for a rollout, and waits for it unless told not to. */
export const startRollout = (cli: Cli, input: Input, { route, words, release, body: own }: Way): Promise<number> => {
  const timeoutMs = timeoutOf(input)
  const glass = glassOf(input)
  const whenBusy = whenBusyOf(input)
  return withClient(cli, 'server', async (client) => {
    const environment = await chosenEnvironment(cli, client, { given: input.args[0], words })
    const body = { release, reason: textOption(input, 'message'), ...own, ...whenBusy }
    const started = await telling({ client, environment }, () =>
      glass === null || route === 'environments.rollback'
        ? client.call(route, { params: { environment }, body, idempotencyKey: freshKey() })
        : breakGlass(client, { environment, release, reason: glass, purpose: purposeOf(route), hotfix: own.hotfix }),
    )
    const { rollout, kind, incident } = started
    if (incident !== undefined)
      cli.note(`${cli.noteStyle.mark('current')} incident ${incident} is open: sluice incidents show ${incident}`)
    if (kind === 'aborted') cli.note(`${cli.noteStyle.mark('back')} ${rollout} is turned around`)
    // A rollback of a live rollout ends as "rolled back", which is what was asked for.
    if (input.options['wait'] !== false) {
      if (kind === 'queued') await untilStarted(cli, client, { environment, entry: rollout, timeoutMs })
      const wanted = kind === 'aborted' ? 'rolled_back' : 'succeeded'
      return followRollout(cli, { client, id: rollout, timeoutMs, wanted })
    }
    if (cli.globals.json) cli.json(started)
    else {
      cli.print(rollout)
      cli.note(
        kind === 'queued'
          ? `${cli.noteStyle.mark('paused')} waits for its turn: sluice env queue ${environment}`
          : `${cli.noteStyle.mark('current')} on its way: sluice rollout watch ${rollout}`,
      )
    }
    return 0
  })
}

const besideGlass = [
  ['queue', '--queue'],
  ['replace', '--replace'],
  ['despiteHold', '--despite-hold'],
  ['forceAcrossContract', '--force-across-contract'],
] as const

/** Why glass is broken; null where it is not. It goes past whatever is in the way at once, and past no hold: what says otherwise beside it is refused, not dropped. */
const glassOf = (input: Input): string | null => {
  const glass = textOption(input, 'breakGlass')
  const beside = besideGlass.flatMap(([name, flag]) => (flagOption(input, name) ? [flag] : []))
  if (glass === null || beside.length === 0) return glass
  throw new SluiceError('usage_invalid', {
    detail: `--break-glass goes in at once and as it is: ${beside.join(' and ')} cannot be said beside it`,
    hint: 'say one of them',
  })
}

type Breaking = {
  readonly environment: string
  readonly release: string | null
  readonly reason: string
  readonly purpose: 'deploy' | 'promote'
  readonly hotfix: HotfixInput['hotfix']
}

const purposeOf = (route: Way['route']): Breaking['purpose'] =>
  route === 'environments.promote' ? 'promote' : 'deploy'

const breakGlass = (client: Client, { environment, ...body }: Breaking): Promise<StartedView> =>
  client.call('environments.breakGlass', { params: { environment }, body, idempotencyKey: freshKey() })

/** What was said about a rollout that may be under way. */
const whenBusyOf = (input: Input): { readonly whenBusy?: 'queue' | 'replace' } => {
  const [isQueueing, isReplacing] = [flagOption(input, 'queue'), flagOption(input, 'replace')]
  if (isQueueing && isReplacing)
    throw new SluiceError('usage_invalid', { detail: '--queue waits for a turn, --replace takes one: say one of them' })
  if (isReplacing) return { whenBusy: 'replace' }
  return isQueueing ? { whenBusy: 'queue' } : {}
}
