import { type Command, textOption } from '../cli.ts'
import { hotfixOf, overridesOf, startRollout } from './start-rollout.ts'

/** `sluice promote`. */
export const command: Command = (cli, input) =>
  startRollout(cli, input, {
    route: 'environments.promote',
    words: 'promote',
    release: textOption(input, 'release'),
    body: { ...overridesOf(input), ...hotfixOf(input) },
  })
