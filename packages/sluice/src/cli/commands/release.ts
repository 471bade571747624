import { type Command, flagOption, textOption } from '../cli.ts'
import { requireProject } from '../project-directory.ts'
import { stepAnswer } from './step-answer.ts'

/** `sluice release`. 0 also when there is nothing to release, 3 when it could not be made. */
export const command: Command = async (cli, input) => {
  requireProject(cli.globals)
  const { projectDir, stateDir } = cli.globals
  const channel = textOption(input, 'channel')
  const push = textOption(input, 'push')
  const isDry = flagOption(input, 'dryRun')
  const options = {
    tag: isDry ? 'plan' : 'create',
    ...(channel === null ? {} : { channels: [{ branch: '**', channel: channel === 'release' ? null : channel }] }),
    ...(flagOption(input, 'sign') ? { signing: 'required' } : {}),
    ...(push === null ? {} : { pushTo: push }),
  }
  const request = { projectDir, stateDir, name: 'release', options, range: null } as const
  const answer = await cli.host.runStep(request, cli.interrupted)
  return stepAnswer(cli, answer, ({ outputs, changelog }) => {
    const { released, tag, reason } = outputs
    if (released !== 'true') return [reason ?? 'nothing to release']
    const said = isDry ? `${tag ?? ''} would be made; nothing was changed` : `${tag ?? ''} is made`
    return changelog === null ? [`${tag ?? ''} was there already`] : [changelog.trimEnd(), '', said]
  })
}
