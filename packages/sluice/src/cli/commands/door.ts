/** Locks and freezes: the four commands share how they ask and answer. */
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { EnvironmentView } from '../../http/client/environment-views.ts'
import { type Cli, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { nowLine } from '../render/environment.ts'
import { chosenEnvironment } from './which.ts'

/** What is said to a door. */
export type DoorWord = {
  readonly words: string
  /** What it is afterwards. */
  readonly said: (environment: EnvironmentView) => string
  readonly call: (client: Client, environment: string) => Promise<EnvironmentView>
}

/** Asks, and tells what the environment is now. */
export const door = (cli: Cli, input: Input, { words, said, call }: DoorWord): Promise<number> =>
  withClient(cli, 'server', async (client) => {
    const name = await chosenEnvironment(cli, client, { given: input.args[0], words })
    const environment = await call(client, name)
    if (cli.globals.json) cli.json({ environment })
    else {
      cli.print(`${cli.style.mark('done')} ${said(environment)}`)
      cli.note(`  ${nowLine(environment)}`)
    }
    return 0
  })

/** The reason that a lock or freeze must have. `usage_invalid`: the next person reads it and has to decide by it. */
export const reasonOf = (input: Input, words: string): string => {
  const reason = textOption(input, 'message')
  if (reason !== null && reason.trim() !== '') return reason
  throw new SluiceError('usage_invalid', { detail: 'a reason is missing', hint: `sluice ${words} … -m "why"` })
}
