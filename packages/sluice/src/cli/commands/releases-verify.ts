import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { required } from './which.ts'

/** `sluice releases verify`. 3 when the release or an artifact is not what it was. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const found = await client.call('releases.verify', { params: { release: required(input.args[0], 'a release') } })
    const isSound = found.intact && found.artifacts.every(({ status }) => status === 'ok')
    if (cli.globals.json) cli.json({ ...found, sound: isSound })
    else {
      const { style } = cli
      cli.print(
        `${style.mark(found.intact ? 'done' : 'failed')} ${found.release.version}  ${found.release.id}  ${found.intact ? 'is what its id says' : 'is NOT what its id says'}`,
      )
      for (const { name, digest, status } of found.artifacts)
        cli.print(`${style.mark(status === 'ok' ? 'done' : 'failed')} ${name}  ${digest}  ${status}`)
      if (!isSound) cli.note('  next  sluice run   builds it again from the commit')
    }
    return isSound ? 0 : 3
  })
