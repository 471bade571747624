/** What signing in gave, by the address of the control plane: one file of this user, readable by nobody else, as `gh` and `kubectl` keep theirs. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import type { Cli } from './cli.ts'

/** One sign-in. */
export type Login = { readonly token: string; readonly name: string; readonly expiresAt: number | null }

type Variables = Cli['variables']

/** The token for an address; null when nobody signed in there. */
export const loginFor = (variables: Variables, url: string): Login | null =>
  readLogins(variables)[originOf(url)] ?? null

/** Keeps a sign-in, or forgets it (null). */
export const keepLogin = (variables: Variables, url: string, login: Login | null): void => {
  const { [originOf(url)]: _, ...others } = readLogins(variables)
  const path = pathOf(variables)
  const logins = login === null ? others : { ...others, [originOf(url)]: login }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.new`, `${JSON.stringify({ format: 1, logins }, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch (cause) {
    throw new SluiceError('store_failed', {
      detail: `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'set SLUICE_TOKEN instead, or XDG_CONFIG_HOME to a folder of yours',
      cause,
    })
  }
}

const pathOf = (variables: Variables): string =>
  join(variables['XDG_CONFIG_HOME'] || join(variables['HOME'] || homedir(), '.config'), 'sluice', 'logins.json')

/** Loopback has many names and is one place. */
const originOf = (url: string): string =>
  new URL(url).origin.replace(/\/\/(?:localhost|0\.0\.0\.0|\[::1?\])(?=:|$)/, '//127.0.0.1')

/** Parser of the file; nothing when there is none, or somebody broke it. */
const readLogins = (variables: Variables): Readonly<Record<string, Login>> => {
  try {
    const read = JSON.parse(readFileSync(pathOf(variables), 'utf8')) as { readonly logins?: Record<string, Login> }
    return read.logins ?? {}
  } catch {
    return {}
  }
}
