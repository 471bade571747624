import { type Command, flagOption, textOption } from '../cli.ts'
import { categoryOf } from './releases-hold.ts'
import { overridesOf, startRollout } from './start-rollout.ts'

/** `sluice rollback`. */
export const command: Command = (cli, input) =>
  startRollout(cli, input, {
    route: 'environments.rollback',
    words: 'rollback',
    release: textOption(input, 'to'),
    body: {
      category: categoryOf(input),
      ...(flagOption(input, 'emergency') ? { emergency: true } : {}),
      ...overridesOf(input),
    },
  })
