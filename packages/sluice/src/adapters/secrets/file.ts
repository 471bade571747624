/**
 * The embedded source of secrets: `secrets.json` in the state directory, readable by its owner only. Every value that was ever set is kept
 * under its version, so that a rollback finds the value its release was cut with. This is the seam for the encrypted file: its content and
 * its readers stay, only reading and writing of the text change.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { chmod, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { SecretSource } from '../../ports/secrets.ts'

/** One secret: its version now, and every value by version. */
type Secret = { readonly current: string; readonly values: Readonly<Record<string, string>> }

/** The file's content. `key` makes versions that tell nothing about values. */
type SecretsFile = { readonly format: 1; readonly key: string; readonly secrets: Readonly<Record<string, Secret>> }

const versionDigits = 12

/** The source that reads `secrets.json` of a state directory; each call reads the file as it is then. */
export const fileSecrets = (stateDir: string): SecretSource => ({
  versions: async (names, signal) => {
    if (names.length === 0) return {}
    const { secrets } = await readSecrets(stateDir, signal)
    return Object.fromEntries(names.map((name) => [name, secretNamed(stateDir, secrets, name).current]))
  },
  values: async (versions, signal) => {
    const wanted = Object.entries(versions)
    if (wanted.length === 0) return {}
    const { secrets } = await readSecrets(stateDir, signal)
    return Object.fromEntries(
      wanted.map(([name, version]) => [name, valueAt(name, version, secretNamed(stateDir, secrets, name))]),
    )
  },
})

/** Those of the names that have no secret in a state directory. `config_invalid`, `store_corrupt` as any read. */
export const missingSecrets = async (
  stateDir: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const { secrets } = await readSecrets(stateDir, signal)
  return names.filter((name) => !Object.hasOwn(secrets, name))
}

/** Sets a secret and gives its version; the same value has the same version. Written whole: temporary file, fsync, rename. */
export const setSecret = async (
  stateDir: string,
  name: string,
  value: string,
  signal: AbortSignal,
): Promise<string> => {
  const file = await readSecrets(stateDir, signal)
  const version = createHmac('sha256', file.key).update(`${name}\0${value}`).digest('hex').slice(0, versionDigits)
  const before = file.secrets[name]
  const secret: Secret = { current: version, values: { ...before?.values, [version]: value } }
  await writeSecrets(stateDir, { ...file, secrets: { ...file.secrets, [name]: secret } })
  return version
}

const pathIn = (stateDir: string): string => join(stateDir, 'secrets.json')

const secretNamed = (stateDir: string, secrets: SecretsFile['secrets'], name: string): Secret => {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined
  if (secret !== undefined) return secret
  throw new SluiceError('not_found', {
    detail: `there is no secret ${name} in ${pathIn(stateDir)}`,
    hint: 'set it, or take its name out of sluice.config.ts',
  })
}

const valueAt = (name: string, version: string, { values }: Secret): string => {
  const value = Object.hasOwn(values, version) ? values[version] : undefined
  if (value !== undefined) return value
  throw new SluiceError('not_found', { detail: `secret ${name} has no version ${version} any more` })
}

/** The file as it is; an empty one with a fresh key where there is none. `config_invalid` when others may read it, `store_corrupt` when it is no such file. */
const readSecrets = async (stateDir: string, signal: AbortSignal): Promise<SecretsFile> => {
  const path = pathIn(stateDir)
  try {
    const { mode, size } = await stat(path)
    if ((mode & 0o077) !== 0) throw exposed(path, mode)
    if (size > limits.secretsBytesMax) throw damaged(path, `it has ${size} bytes`)
    return parseSecrets(path, await readFile(path, { encoding: 'utf8', signal }))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { format: 1, key: randomBytes(32).toString('hex'), secrets: {} }
    if (error instanceof SluiceError) throw error
    throw damaged(path, String(error))
  }
}

const exposed = (path: string, mode: number): SluiceError =>
  new SluiceError('config_invalid', {
    detail: `${path} has mode ${(mode & 0o777).toString(8)}: others on this machine can read the secrets`,
    hint: `chmod 600 ${path}, and set new values if others had the chance`,
  })

const damaged = (path: string, reason: string): SluiceError =>
  new SluiceError('store_corrupt', {
    detail: `${path} cannot be read as secrets: ${reason}`,
    hint: 'restore it from a backup',
  })

/** Documented parser: every field is looked at. */
const parseSecrets = (path: string, text: string): SecretsFile => {
  const file = JSON.parse(text) as { format?: unknown; key?: unknown; secrets?: unknown }
  if (file.format !== 1 || typeof file.key !== 'string' || !isRecord(file.secrets))
    throw damaged(path, 'its form is not known')
  const secrets = Object.entries(file.secrets).map(([name, secret]): [string, Secret] => {
    if (!isRecord(secret) || typeof secret['current'] !== 'string' || !isTexts(secret['values']))
      throw damaged(path, `the entry of ${name} is not one`)
    return [name, { current: secret['current'], values: secret['values'] }]
  })
  return { format: 1, key: file.key, secrets: Object.fromEntries(secrets) }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  isRecord(value) && Object.values(value).every((each) => typeof each === 'string')

const writeSecrets = async (stateDir: string, file: SecretsFile): Promise<void> => {
  const path = pathIn(stateDir)
  const temporary = `${path}.new`
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await chmod(temporary, 0o600)
  await rename(temporary, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
