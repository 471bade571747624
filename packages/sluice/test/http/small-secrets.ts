/** Secrets of a small world: the real file of them, in a folder that goes with the process. It is made with the first secret that is asked for, because most tests ask for none. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSecretKeeper } from '../../src/adapters/secrets/file.ts'
import type { SecretKeeper } from '../../src/ports/secrets.ts'

const folders: string[] = []

const freshFolder = (): string => {
  if (folders.length === 0)
    process.once('exit', () => folders.forEach((one) => rmSync(one, { recursive: true, force: true })))
  const folder = mkdtempSync(join(tmpdir(), 'sluice-small-secrets-'))
  folders.push(folder)
  return folder
}

/** A keeper of a world of its own. */
export const smallSecrets = (): SecretKeeper => {
  let made: SecretKeeper | null = null
  const keeper = (): SecretKeeper => (made ??= fileSecretKeeper(freshFolder()))
  return {
    list: (signal) => keeper().list(signal),
    versionOf: (secret, signal) => keeper().versionOf(secret, signal),
    keep: (secret, signal) => keeper().keep(secret, signal),
    remove: (name, signal) => keeper().remove(name, signal),
  }
}
