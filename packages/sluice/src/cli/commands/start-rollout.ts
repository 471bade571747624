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
    const replace = input.options['replace'] === true && route !== 'environments.rollback' ? { replace: true } : {}
    const body = { release, reason: textOption(input, 'message'), ...replace }
    const started = await telling({ client, environment }, () =>
      client.call(route, { params: { environment }, body, idempotencyKey: freshKey() }),
    )
    const { rollout, kind } = started
    if (kind === 'aborted') cli.note(`${cli.noteStyle.mark('back')} ${rollout} is turned around`)
    // A rollback of a live rollout ends as "rolled back", which is what was asked for.
    if (input.options['wait'] !== false) {
      const wanted = kind === 'aborted' ? 'rolled_back' : 'succeeded'
      return followRollout(cli, { client, id: rollout, timeoutMs, wanted })
    }
    if (cli.globals.json) cli.json(started)
    else {
      cli.print(rollout)
      cli.note(`${cli.noteStyle.mark('current')} on its way: sluice rollout watch ${rollout}`)
    }
    return 0
  })
}
