import { type Command, textOption } from '../cli.ts'
import { hotfixOf, overridesOf, startRollout } from './start-rollout.ts'

/** `sluice deploy`. */
export const command: Command = (cli, input) =>
  startRollout(cli, input, {
    route: 'environments.deploy',
    words: 'deploy',
    release: textOption(input, 'release'),
    body: { ...overridesOf(input), ...hotfixOf(input) },
  })
