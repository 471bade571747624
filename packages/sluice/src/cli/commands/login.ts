import { hostname } from 'node:os'
import { isoTime } from '../../core/iso-time.ts'
import { SluiceError } from '../../core/errors.ts'
import { openBrowser } from '../browser.ts'
import { browserSession } from '../browser-login.ts'
import { type Cli, type Command, flagOption, type Input } from '../cli.ts'
import { clientAt, loginPlace, serverAddress } from '../connect.ts'
import { keepLogin, type Login } from '../logins.ts'
import { pipedSecret } from '../secret-input.ts'
import { freshKey } from './follow.ts'
import { passwordOf } from './identity.ts'

/** `sluice login`. In a browser where the control plane has a provider to sign in at and nobody is named; else by password. */
export const command: Command = async (cli, input) => {
  const url = serverAddress(cli)
  const login = await loginBy(cli, input, url)
  keepLogin(cli.variables, loginPlace(cli, url), login)
  if (cli.globals.json) cli.json({ server: url, name: login.name, expiresAt: login.expiresAt })
  else
    cli.print(
      `${cli.style.mark('done')} signed in to ${url} as ${login.name}${login.expiresAt === null ? '' : `, until ${isoTime(login.expiresAt)}`}`,
    )
  return 0
}

const loginBy = async (cli: Cli, input: Input, url: string): Promise<Login> => {
  if (flagOption(input, 'withToken')) return byToken(cli, url)
  const [name] = input.args
  const isQuiet = !flagOption(input, 'browser')
  const isPassword = name !== undefined || flagOption(input, 'passwordStdin')
  const stranger = await clientAt(cli, url, null)
  if (isQuiet || (!isPassword && (await stranger.call('session.ways', {})).provider !== null)) {
    const session = await browserSession(cli, { url, client: stranger, open: isQuiet ? null : openBrowser })
    return ownToken(cli, url, session)
  }
  const password = await passwordOf(cli, input, 'password')
  const { token } = await stranger.call('session.start', { body: { name: name ?? cli.actor, password } })
  return ownToken(cli, url, { token, name: name ?? cli.actor })
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
const ownToken = async (
  cli: Cli,
  url: string,
  session: { readonly name: string; readonly token: string },
): Promise<Login> => {
  const client = await clientAt(cli, url, session.token)
  const { token, expiresAt } = await client.call('tokens.create', {
    body: { label: `sluice login on ${hostname()}`.slice(0, 100) },
    idempotencyKey: freshKey(),
  })
  await client.call('session.end', {})
  return { token, name: session.name, expiresAt }
}
