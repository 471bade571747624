import { type Cli, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { telling } from '../told.ts'
import { followRollout, freshKey, timeoutOf } from './follow.ts'
import { chosenEnvironment } from './which.ts'

/** Which way a release goes. */
export type Way = {
  readonly route: 'environments.deploy' | 'environments.promote' | 'environments.rollback'
  readonly words: string
  readonly release: string | null
}

/** Asks for a rollout, and waits for it unless told not to. */
export const startRollout = (cli: Cli, input: Input, { route, words, release }: Way): Promise<number> => {
  const timeoutMs = timeoutOf(input)
  return withClient(cli, 'server', async (client) => {
    const environment = await chosenEnvironment(cli, client, { given: input.args[0], words })
    const body = { release, reason: textOption(input, 'message') }
    const started = await telling({ client, environment }, () =>
      client.call(route, { params: { environment }, body, idempotencyKey: freshKey() }),
    )
    const { rollout, kind } = started
    if (kind === 'aborted') cli.note(`${cli.noteStyle.mark('back')} ${rollout} is turned around`)
    // A rollback of a live rollout ends as "rolled back", which is what was asked for.
    if (input.options['wait'] !== false) {
      const code = await followRollout(cli, { client, id: rollout, timeoutMs })
      return kind === 'aborted' && code === 3 ? await restored(cli, { client, rollout }) : code
    }
    if (cli.globals.json) cli.json(started)
    else {
      cli.print(rollout)
      cli.note(`${cli.noteStyle.mark('current')} on its way: sluice rollout watch ${rollout}`)
    }
    return 0
  })
}

const restored = async (
  _cli: Cli,
  { client, rollout }: { readonly client: import('../../http/client/client.ts').Client; readonly rollout: string },
): Promise<number> => {
  const { status } = await client.call('rollouts.show', { params: { rollout } })
  return status === 'rolled_back' ? 0 : 3
}
