import { isoTime } from '../../core/iso-time.ts'
import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { grantWords } from './identity.ts'

const kinds = {
  root: 'the owner of the control plane',
  person: 'a person',
  service: 'a program',
  workload: 'a job of a CI service',
}

/** `sluice whoami`. */
export const command: Command = (cli) =>
  withClient(cli, 'read', async (client) => {
    const who = await client.call('session.show', {})
    if (cli.globals.json) {
      cli.json({ server: client.url, who })
      return 0
    }
    const { style } = cli
    const row = (name: string, text: string): void => cli.print(`  ${style.dim(name.padEnd(12))} ${text}`)
    cli.print(`${style.bold(who.name)}, ${kinds[who.kind]}, at ${client.url}`)
    row('roles', who.grants.map(grantWords).join('; ') || 'none')
    if (who.scope !== null) row('token', `lets through ${who.scope.map(grantWords).join('; ')}`)
    if (who.groups.length > 0) row('groups', who.groups.join(', '))
    if (who.expiresAt !== null) row('until', isoTime(who.expiresAt))
    row('everywhere', who.may.join(', ') || 'nothing')
    for (const { name, may } of who.environments) row(name, may.join(', ') || 'nothing')
    return 0
  })
