import { hostname } from 'node:os'
import { isoTime } from '../../core/iso-time.ts'
import { SluiceError } from '../../core/errors.ts'
import { type Cli, type Command, flagOption } from '../cli.ts'
import { clientAt, loginPlace, serverAddress } from '../connect.ts'
import { keepLogin, type Login } from '../logins.ts'
import { pipedSecret } from '../secret-input.ts'
import { passwordOf } from './identity.ts'

/** `sluice login`. */
export const command: Command = async (cli, input) => {
  const url = serverAddress(cli)
  const login = flagOption(input, 'withToken')
    ? await byToken(cli, url)
    : await byPassword(cli, url, {
        name: input.args[0] ?? cli.actor,
        password: await passwordOf(cli, input, 'password'),
      })
  keepLogin(cli.variables, loginPlace(cli, url), login)
  if (cli.globals.json) cli.json({ server: url, name: login.name, expiresAt: login.expiresAt })
  else
    cli.print(
      `${cli.style.mark('done')} signed in to ${url} as ${login.name}${login.expiresAt === null ? '' : `, until ${isoTime(login.expiresAt)}`}`,
    )
  return 0
}

const byToken = async (cli: Cli, url: string): Promise<Login> => {
  const token = await pipedSecret('token')
  const client = await clientAt(cli, url, token)
  const who = await client.call('session.show', {})
  if (who.kind !== 'root') return { token, name: who.name, expiresAt: who.expiresAt }
  throw new SluiceError('usage_invalid', {
    detail: 'that is the token of the owner of the control plane, which does not belong in a file beside it',
    hint: 'set it as SLUICE_TOKEN where it is needed; or add yourself: sluice user add <name> --role admin',
  })
}

/** The sign-in itself lasts a day; what is kept is a token of its own, which can be seen and revoked. */
const byPassword = async (
  cli: Cli,
  url: string,
  said: { readonly name: string; readonly password: string },
): Promise<Login> => {
  const stranger = await clientAt(cli, url, null)
  const { token: session } = await stranger.call('session.start', { body: said })
  const client = await clientAt(cli, url, session)
  const { token, expiresAt } = await client.call('tokens.create', {
    body: { label: `sluice login on ${hostname()}`.slice(0, 100) },
  })
  await client.call('session.end', {})
  return { token, name: said.name, expiresAt }
}
