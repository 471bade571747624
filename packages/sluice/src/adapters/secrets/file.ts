/**
 * The embedded store of secrets: one encrypted file in the state directory (`place.ts`). Every value that was ever set is kept under its version, so that a rollback finds the value its release was
 * cut with. Who writes holds the state directory, so that nobody else does meanwhile.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { SluiceError } from '../../core/errors.ts'
import type { KeptSecret, SecretKeeper, SecretSource } from '../../ports/secrets.ts'
import { damaged, readText, type SecretsPlace, secretsPlace, writeText } from './place.ts'

/** One secret: its version now, and every value by version. */
type Secret = { readonly current: string; readonly values: Readonly<Record<string, string>> }

/** The file's content. `key` makes versions that tell nothing about values. */
type SecretsFile = { readonly format: 1; readonly key: string; readonly secrets: Readonly<Record<string, Secret>> }

type Variables = Readonly<Record<string, string | undefined>>

const versionDigits = 12

/** The source that reads the secrets of a state directory; each call reads the file as it is then. `environment` may say where its key is. */
export const fileSecrets = (stateDir: string, environment: Variables = {}): SecretSource => {
  const place = secretsPlace(stateDir, environment)
  return {
    versions: async (names, signal) => {
      if (names.length === 0) return {}
      const { secrets } = await readSecrets(place, signal)
      return Object.fromEntries(names.map((name) => [name, secretNamed(secrets, name).current]))
    },
    values: async (versions, signal) => {
      const wanted = Object.entries(versions)
      if (wanted.length === 0) return {}
      const { secrets } = await readSecrets(place, signal)
      return Object.fromEntries(
        wanted.map(([name, version]) => [name, valueAt(name, version, secretNamed(secrets, name))]),
      )
    },
  }
}

/** What writes the secrets of a state directory. One change at a time. */
export const fileSecretKeeper = (stateDir: string, environment: Variables = {}): SecretKeeper => {
  const place = secretsPlace(stateDir, environment)
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Answer>(change: () => Promise<Answer>): Promise<Answer> => {
    const turn = last.then(change, change)
    last = turn.catch(() => {})
    return turn
  }
  return {
    list: async (signal) => {
      const { secrets } = await readSecrets(place, signal)
      return Object.entries(secrets)
        .map(([name, { current, values }]): KeptSecret => ({
          name,
          version: current,
          versions: Object.keys(values).length,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    },
    versionOf: (secret, signal) =>
      inTurn(async () => {
        const file = await readSecrets(place, signal)
        // The key that makes versions must be the same the next time.
        if (file.isNew) await writeSecrets(place, file, signal)
        return versionIn(file, secret)
      }),
    keep: (secret, signal) =>
      inTurn(async () => {
        const file = await readSecrets(place, signal)
        const version = versionIn(file, secret)
        const before = Object.hasOwn(file.secrets, secret.name) ? file.secrets[secret.name] : undefined
        const kept: Secret = { current: version, values: { ...before?.values, [version]: secret.value } }
        await writeSecrets(place, { ...file, secrets: { ...file.secrets, [secret.name]: kept } }, signal)
        return version
      }),
    remove: (name, signal) =>
      inTurn(async () => {
        const file = await readSecrets(place, signal)
        if (!Object.hasOwn(file.secrets, name)) return false
        const { [name]: _, ...secrets } = file.secrets
        await writeSecrets(place, { ...file, secrets }, signal)
        return true
      }),
  }
}

/** Those of the names that have no secret in a state directory. `config_invalid`, `store_corrupt` as any read. */
export const missingSecrets = async (
  stateDir: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const { secrets } = await readSecrets(secretsPlace(stateDir, process.env), signal)
  return names.filter((name) => !Object.hasOwn(secrets, name))
}

const versionIn = ({ key }: SecretsFile, { name, value }: { readonly name: string; readonly value: string }): string =>
  createHmac('sha256', key).update(`${name}\0${value}`).digest('hex').slice(0, versionDigits)

const secretNamed = (secrets: SecretsFile['secrets'], name: string): Secret => {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined
  if (secret !== undefined) return secret
  throw new SluiceError('not_found', {
    detail: `there is no secret ${name}`,
    hint: `sluice secrets set ${name}   or take its name out of sluice.config.ts`,
  })
}

const valueAt = (name: string, version: string, { values }: Secret): string => {
  const value = Object.hasOwn(values, version) ? values[version] : undefined
  if (value !== undefined) return value
  throw new SluiceError('not_found', { detail: `secret ${name} has no version ${version} any more` })
}

/** The file as it is; an empty one with a fresh key where there is none. */
const readSecrets = async (
  place: SecretsPlace,
  signal: AbortSignal,
): Promise<SecretsFile & { readonly isNew: boolean }> => {
  const read = await readText(place, signal)
  if (read === null) return { format: 1, key: randomBytes(32).toString('hex'), secrets: {}, isNew: true }
  return { ...parseSecrets(read.path, read.text), isNew: false }
}

/** Documented parser: every field is looked at. */
const parseSecrets = (path: string, text: string): SecretsFile => {
  const file = parseJson(path, text)
  if (!isRecord(file) || file['format'] !== 1 || typeof file['key'] !== 'string' || !isRecord(file['secrets']))
    throw damaged(path, 'its form is not known')
  const secrets = Object.entries(file['secrets']).map(([name, secret]): [string, Secret] => {
    if (!isRecord(secret) || typeof secret['current'] !== 'string' || !isTexts(secret['values']))
      throw damaged(path, `the entry of ${name} is not one`)
    return [name, { current: secret['current'], values: secret['values'] }]
  })
  return { format: 1, key: file['key'], secrets: Object.fromEntries(secrets) }
}

const parseJson = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // What a parser says repeats what it met, and that may be a value.
    throw damaged(path, 'it is not JSON')
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  isRecord(value) && Object.values(value).every((each) => typeof each === 'string')

const writeSecrets = (place: SecretsPlace, { format, key, secrets }: SecretsFile, signal: AbortSignal): Promise<void> =>
  writeText(place, `${JSON.stringify({ format, key, secrets }, null, 2)}\n`, signal)
