import { type Command, textOption } from '../cli.ts'
import { startRollout } from './start-rollout.ts'

/** `sluice rollback`. */
export const command: Command = (cli, input) =>
  startRollout(cli, input, { route: 'environments.rollback', words: 'rollback', release: textOption(input, 'to') })
