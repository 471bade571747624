import { bytesText } from '../../core/evidence/gates/numbers.ts'
import type { Command } from '../cli.ts'

/** `sluice cache clean`: forgets every result and kept folder of this project's state directory. */
export const command: Command = async (cli) => {
  const bytes = await cli.host.cleanCache(cli.globals.stateDir)
  if (cli.globals.json) cli.json({ removedBytes: bytes })
  else
    cli.print(
      `${cli.style.mark('done')} removed ${bytesText(bytes)} from the cache; what is needed again is made again`,
    )
  return 0
}
