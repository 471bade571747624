import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { insightLines } from '../render/evidence.ts'

/** `sluice runs insights`. */
export const command: Command = (cli, input) => {
  const runs = runsOf(textOption(input, 'runs'))
  return withClient(cli, 'read', async (client) => {
    const insights = await client.call('runs.insights', { query: { runs } })
    if (cli.globals.json) cli.json(insights)
    else for (const line of insightLines(insights, cli.style)) cli.print(line)
    return 0
  })
}

const runsOf = (text: string | null): number => {
  const count = text === null ? limits.insightRunsMax : Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= limits.insightRunsMax) return count
  throw new SluiceError('usage_invalid', {
    detail: `--runs ${text ?? ''} is not a number from 1 to ${limits.insightRunsMax}`,
    hint: '--runs 50',
  })
}
