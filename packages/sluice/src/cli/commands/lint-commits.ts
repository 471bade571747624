import { SluiceError } from '../../core/errors.ts'
import type { Command } from '../cli.ts'
import { stepAnswer } from './step-answer.ts'

/** `sluice lint commits`. 3 when a message breaks a rule. */
export const command: Command = async (cli, { args: [range] }) => {
  const { projectDir, stateDir } = cli.globals
  const request = { projectDir, stateDir, name: 'commit-lint', options: {}, range: rangeOf(range) } as const
  const answer = await cli.host.runStep(request, cli.interrupted)
  return stepAnswer(cli, answer, () => ['all messages are fine'])
}

const rangeOf = (text: string | undefined): { readonly from: string; readonly to: string } | null => {
  if (text === undefined) return null
  const [from = '', to = '', ...more] = text.split('..')
  if (from !== '' && more.length === 0 && text.includes('..')) return { from, to: to === '' ? 'HEAD' : to }
  throw new SluiceError('usage_invalid', {
    detail: `${JSON.stringify(text)} is no range of commits`,
    hint: 'sluice lint commits main..HEAD',
  })
}
