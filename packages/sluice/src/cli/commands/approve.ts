import { SluiceError } from '../../core/errors.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice approve`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const id = required(input.args[0], 'the id of a rollout or a release')
    const reason = textOption(input, 'message')
    if (id.startsWith('rol_')) {
      const rollout = await client.call('rollouts.approve', {
        params: { rollout: id },
        body: { reason },
        idempotencyKey: freshKey(),
      })
      if (cli.globals.json) cli.json({ rollout })
      else cli.print(`${cli.style.mark('done')} ${id} is approved by ${cli.actor}`)
      return 0
    }
    const { environment } = cli.globals
    if (environment === null) {
      throw new SluiceError('usage_invalid', {
        detail: `in which environment may ${id} go?`,
        hint: `sluice approve ${id} --env production -m "why"`,
      })
    }
    await client.call('environments.approve', {
      params: { environment },
      body: { release: id, reason },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ environment, release: id, by: cli.actor })
    else cli.print(`${cli.style.mark('done')} ${id} is approved for ${environment} by ${cli.actor}`)
    return 0
  })
