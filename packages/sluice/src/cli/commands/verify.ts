import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { verificationLines } from '../render/verification.ts'
import { nowOf } from '../told.ts'
import { freshKey, timeoutOf } from './follow.ts'
import { chosenEnvironment } from './which.ts'

/** How long the checks may take where nobody says it, milliseconds. */
const usualMs = 600_000

/** `sluice verify`. 3 when a check does not pass. */
export const command: Command = (cli, input) => {
  const timeoutMs = timeoutOf(input) ?? usualMs
  return withClient(cli, 'work', async (client) => {
    const environment = await chosenEnvironment(cli, client, { given: input.args[0], words: 'verify' })
    const found = await client.call('environments.verify', {
      params: { environment },
      body: { reason: textOption(input, 'message') },
      idempotencyKey: freshKey(),
      timeoutMs,
      signal: cli.interrupted,
    })
    if (cli.globals.json) cli.json({ verification: found })
    else {
      const now = await nowOf(client, environment)
      for (const line of verificationLines(found, now, cli.style)) cli.print(line)
    }
    return found.outcome === 'passed' ? 0 : 3
  })
}
