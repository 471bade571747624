import type { Command } from '../cli.ts'
import { overridesOf, startRollout } from './start-rollout.ts'

/** `sluice promote`. */
export const command: Command = (cli, input) =>
  startRollout(cli, input, { route: 'environments.promote', words: 'promote', release: null, body: overridesOf(input) })
