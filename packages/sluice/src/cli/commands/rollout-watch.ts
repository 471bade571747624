import { type Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { plainJson } from '../render/plain.ts'
import { watchRollout } from '../watch.ts'
import { followRollout, timeoutOf } from './follow.ts'
import { chosenRollout } from './which.ts'

/** `sluice rollout watch`. With --json: the ledger rows of the rollout as they come, one a line, then the rollout. */
export const command: Command = (cli, input) => {
  const timeoutMs = timeoutOf(input)
  return withClient(cli, 'read', async (client) => {
    const id = await chosenRollout(cli, client, { given: input.args[0], words: 'rollout watch' })
    if (!cli.globals.json) return followRollout(cli, { client, id, timeoutMs })
    const quiet = { ...cli, note: () => {}, noteStyle: { ...cli.noteStyle, repaints: false } }
    const { ended, state } = await watchRollout(
      quiet,
      { client, id },
      { timeoutMs, onRow: (row) => cli.print(plainJson(row)) },
    )
    cli.json({ rollout: state })
    if (ended === 'detached') return 130
    if (ended === 'late') return 6
    return state?.status === 'succeeded' ? 0 : 3
  })
}
