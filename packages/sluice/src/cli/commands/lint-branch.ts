import type { Command } from '../cli.ts'
import { stepAnswer } from './step-answer.ts'

/** `sluice lint branch`. 3 when the name fits no pattern. */
export const command: Command = async (cli, { args: [branch] }) => {
  const { projectDir, stateDir } = cli.globals
  const options = branch === undefined ? {} : { branch }
  const request = { projectDir, stateDir, name: 'branch-name', options, range: null } as const
  return stepAnswer(cli, await cli.host.runStep(request, cli.interrupted), () => ['the name is fine'])
}
