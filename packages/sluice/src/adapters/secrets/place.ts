/**
 * Where the embedded store of secrets lies, and its text: `secrets.age` in the state directory, an age file for the identity in `secrets.key` beside it, or in the file that
 * `SLUICE_SECRETS_KEY_FILE` names. A plain `secrets.json` of before is read as long as there is no `secrets.age`, and becomes one with the first secret that is set.
 */
import { readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { writeOnce, writeWhole } from '../../lib/files.ts'

/** The files. */
export type SecretsPlace = {
  readonly sealed: string
  readonly plain: string
  readonly key: string
}

/** The files of a state directory. `environment` may say where the key is. */
export const secretsPlace = (
  stateDir: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): SecretsPlace => ({
  sealed: join(stateDir, 'secrets.age'),
  plain: join(stateDir, 'secrets.json'),
  key: resolve(environment['SLUICE_SECRETS_KEY_FILE'] || join(stateDir, 'secrets.key')),
})

/** A text and the file that it came from. */
export type SecretsText = { readonly path: string; readonly text: string }

/** The text as it is; null where nothing was kept yet. `config_invalid` when others may read a file of it, `store_corrupt` when it cannot be read. */
export const readText = async (place: SecretsPlace, signal: AbortSignal): Promise<SecretsText | null> => {
  const sealed = await readOwn(place.sealed, signal)
  if (sealed !== null) return { path: place.sealed, text: await opened(place, sealed, signal) }
  const plain = await readOwn(place.plain, signal)
  return plain === null ? null : { path: place.plain, text: plain.toString('utf8') }
}

/** Writes the text whole; a plain one of before is gone then. `usage_invalid` when it would be larger than what is read, `store_full` without room. */
export const writeText = async (place: SecretsPlace, text: string, signal: AbortSignal): Promise<void> => {
  const { sealText } = await import('./age.ts')
  const sealed = await sealText(text, await identityAt(place, signal))
  if (sealed.byteLength > limits.secretsBytesMax)
    throw new SluiceError('usage_invalid', {
      detail: `all secrets and their versions would have ${sealed.byteLength} bytes, of ${limits.secretsBytesMax}`,
      hint: 'sluice secrets rm   what nothing needs any more',
    })
  await writeWhole(place.sealed, sealed)
  await rm(place.plain, { force: true })
}

/** What cannot be read as secrets. */
export const damaged = (path: string, reason: string): SluiceError =>
  new SluiceError('store_corrupt', {
    detail: `${path} cannot be read as secrets: ${reason}`,
    hint: 'restore it from a backup',
  })

const opened = async (place: SecretsPlace, sealed: Uint8Array, signal: AbortSignal): Promise<string> => {
  const identity = await keptIdentity(place, signal)
  if (identity === null) throw damaged(place.sealed, `its key is not in ${place.key}`)
  const { openText } = await import('./age.ts')
  try {
    return await openText(sealed, identity)
  } catch (error) {
    throw damaged(place.sealed, `the key in ${place.key} does not open it: ${String(error)}`)
  }
}

/** The line of the key's file that is one; age's own files have comments besides. */
const keptIdentity = async ({ key }: SecretsPlace, signal: AbortSignal): Promise<string | null> => {
  const text = (await readOwn(key, signal))?.toString('utf8')
  if (text === undefined) return null
  const identity = text.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY-1'))
  if (identity === undefined) throw damaged(key, 'it has no line AGE-SECRET-KEY-1…')
  return identity.trim()
}

/** The identity that is kept; where there is none, a new one. Of two that make it at the same time (two state directories may have one key) both get the one that was there first. */
const identityAt = async (place: SecretsPlace, signal: AbortSignal): Promise<string> => {
  const kept = await keptIdentity(place, signal)
  if (kept !== null) return kept
  const { newIdentity } = await import('./age.ts')
  const identity = await newIdentity()
  const first = (await writeOnce(place.key, `${identity}\n`)) ? identity : await keptIdentity(place, signal)
  if (first === null) throw damaged(place.key, 'it went while secrets were written')
  return first
}

/** The bytes of a file that only its owner may read; null where there is none. */
const readOwn = async (path: string, signal: AbortSignal): Promise<Buffer | null> => {
  try {
    const { mode, size } = await stat(path)
    if ((mode & 0o077) !== 0) throw exposed(path, mode)
    if (size > limits.secretsBytesMax) throw damaged(path, `it has ${size} bytes`)
    return await readFile(path, { signal })
  } catch (error) {
    if (error instanceof SluiceError) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw damaged(path, String(error))
  }
}

const exposed = (path: string, mode: number): SluiceError =>
  new SluiceError('config_invalid', {
    detail: `${path} has mode ${(mode & 0o777).toString(8)}: others on this machine can read the secrets`,
    hint: `chmod 600 ${path}, and set new values if others had the chance`,
  })
