import type { RolloutCommand } from '../../http/client/contract.ts'
import { SluiceError } from '../../core/errors.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { telling } from '../told.ts'
import { freshKey } from './follow.ts'
import { chosenRollout } from './which.ts'

const said: Readonly<Record<RolloutCommand, string>> = {
  pause: 'is paused; judge and tripwires stay awake',
  resume: 'goes on',
  abort: 'turns back',
  skip: 'goes on past its wait',
  retry: 'tries again',
  promote: 'goes all the way without waiting',
}

const isCommand = (name: string): name is RolloutCommand => Object.hasOwn(said, name)

/** `sluice rollout pause | resume | abort | skip | retry | promote`. */
export const commandFor =
  (name: string): Command =>
  (cli, input) =>
    withClient(cli, 'server', async (client) => {
      if (!isCommand(name))
        throw new SluiceError('usage_invalid', { detail: `there is no command ${name}`, hint: 'sluice rollout --help' })
      const id = await chosenRollout(cli, client, { given: input.args[0], words: `rollout ${name}` })
      const { environment } = await client.call('rollouts.show', { params: { rollout: id } })
      const body = { command: name, reason: textOption(input, 'message') }
      const rollout = await telling({ client, environment }, () =>
        client.call('rollouts.command', { params: { rollout: id }, body, idempotencyKey: freshKey() }),
      )
      if (cli.globals.json) cli.json({ rollout })
      else {
        cli.print(`${cli.style.mark('done')} ${id} ${said[name]}`)
        if (rollout.settledAt === null) cli.note(`  see it: sluice rollout watch ${id}`)
      }
      return 0
    })
