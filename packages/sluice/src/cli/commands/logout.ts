import { SluiceError } from '../../core/errors.ts'
import type { Command } from '../cli.ts'
import { clientAt, loginPlace, serverAddress } from '../connect.ts'
import { keepLogin, loginFor } from '../logins.ts'

/** `sluice logout`. */
export const command: Command = async (cli) => {
  const url = serverAddress(cli)
  const place = loginPlace(cli, url)
  const login = loginFor(cli.variables, place)
  if (login === null)
    throw new SluiceError('token_missing', { detail: `nobody is signed in to ${url} here`, hint: 'sluice login' })
  try {
    const client = await clientAt(cli, url, login.token)
    await client.call('session.end', {})
  } catch (error) {
    // What is not good any more need not be revoked.
    if (!(error instanceof SluiceError) || error.code !== 'token_stale') throw error
  }
  keepLogin(cli.variables, place, null)
  if (cli.globals.json) cli.json({ server: url, signedOut: login.name })
  else cli.print(`${cli.style.mark('done')} signed out of ${url}`)
  return 0
}
