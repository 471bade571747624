/**
 * What signing in gave, by the place of the control plane (`loginPlace`): one file of this user, readable by nobody else, as `gh` and `kubectl` keep theirs.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import type { Cli } from './cli.ts'

/** One sign-in. */
export type Login = { readonly token: string; readonly name: string; readonly expiresAt: number | null }

type Variables = Cli['variables']

/** The sign-in at a place; null when nobody signed in there. */
export const loginFor = (variables: Variables, place: string): Login | null => readLogins(variables)[place] ?? null

/** Keeps a sign-in, or forgets it (null). */
export const keepLogin = (variables: Variables, place: string, login: Login | null): void => {
  const { [place]: _, ...others } = readLogins(variables)
  const path = pathOf(variables)
  const logins = login === null ? others : { ...others, [place]: login }
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

/** Parser of the file; nothing when there is none, or somebody broke it. */
const readLogins = (variables: Variables): Readonly<Record<string, Login>> => {
  try {
    const read = JSON.parse(readFileSync(pathOf(variables), 'utf8')) as { readonly logins?: Record<string, Login> }
    return read.logins ?? {}
  } catch {
    return {}
  }
}
