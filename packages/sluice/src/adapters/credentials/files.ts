/**
 * Credentials in the state directory: one small file for each below `credentials/`, readable by its owner only, written whole (temporary file, fsync, rename).
 *
 * A token's secret has 256 bits of randomness, so that one SHA-256 is enough and quick. A password has what a person can remember, so that trying must be slow: scrypt with N = 2^15, r = 8, p = 3,
 * which OWASP counts among its equivalents of Argon2id's minimum, at 32 MB a check. Argon2id itself came to Node after 24.0, the oldest that Sluice runs on, and a native package is not worth it.
 */
import { createHash, hash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Credentials } from '../../ports/credentials.ts'

/** Cost of a password's hash; kept with each, so that a later Sluice may ask for more. */
const cost = { N: 32_768, r: 8, p: 3, maxmem: 67_108_864 } as const
const keyBytes = 32
const saltBytes = 16

/** See the file's header. */
export const fileCredentials = (stateDir: string): Credentials => {
  const directory = join(stateDir, 'credentials')
  /** Hashes that were read or written: by path, null for one that there is not. */
  const known = new Map<string, string | null>()
  const queue = oneAtATime()
  const read = async (path: string): Promise<string | null> => {
    const held = known.get(path)
    if (held !== undefined) return held
    const text = await readKept(path)
    if (known.size >= limits.identitiesHeldMax) known.clear()
    known.set(path, text)
    return text
  }
  const write = async (path: string, text: string): Promise<void> => {
    await writeKept(directory, path, text)
    known.set(path, text)
  }
  const forget = async (path: string): Promise<void> => {
    known.set(path, null)
    await rm(path, { force: true })
  }
  const secretPath = (id: string): string => join(directory, `${id.replaceAll(/[^0-9a-z_]/g, '-')}.secret`)
  // A person's name may hold characters that a file's may not everywhere.
  const passwordPath = (name: string): string => join(directory, `${hash('sha256', name)}.password`)
  return {
    issue: async (id) => {
      const secret = randomBytes(32).toString('base64url')
      await write(secretPath(id), sha256(secret).toString('hex'))
      return secret
    },
    matches: async (id, secret) => {
      const kept = await read(secretPath(id))
      const isEqual = timingSafeEqual(sha256(secret), kept === null ? Buffer.alloc(32) : Buffer.from(kept, 'hex'))
      return isEqual && kept !== null
    },
    setPassword: (name, password) =>
      queue(async () => {
        const salt = randomBytes(saltBytes)
        const key = await derive(password, salt, cost)
        const { N, r, p } = cost
        await write(passwordPath(name), ['scrypt', N, r, p, salt.toString('hex'), key.toString('hex')].join(':'))
      }),
    matchesPassword: (name, password) =>
      queue(async () => {
        const kept = parsePassword(await read(passwordPath(name)))
        const { salt, key, parameters } = kept ?? {
          salt: Buffer.alloc(saltBytes),
          key: Buffer.alloc(keyBytes),
          parameters: cost,
        }
        return timingSafeEqual(await derive(password, salt, parameters), key) && kept !== null
      }),
    passwordTag: (salt, password) =>
      queue(async () => (await derive(password, sha256(salt).subarray(0, saltBytes), cost)).toString('hex')),
    remove: (id) => forget(secretPath(id)),
    removePassword: (name) => forget(passwordPath(name)),
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

type Cost = { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number }

/** One text in one form, whatever keyboard it came from (RFC 8265). */
const derive = (password: string, salt: Buffer, parameters: Cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, keyBytes, parameters, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })

type KeptPassword = { readonly salt: Buffer; readonly key: Buffer; readonly parameters: Cost }

/** Parser of a kept password; null for one that there is not. */
const parsePassword = (text: string | null): KeptPassword | null => {
  if (text === null) return null
  const [form, N, r, p, salt = '', key = ''] = text.split(':')
  if (form !== 'scrypt' || key.length !== keyBytes * 2)
    throw new SluiceError('store_corrupt', {
      detail: 'what a password is checked against is damaged',
      hint: 'set the password again: sluice user password <name>',
    })
  const parameters = { N: Number(N), r: Number(r), p: Number(p), maxmem: cost.maxmem }
  return { salt: Buffer.from(salt, 'hex'), key: Buffer.from(key, 'hex'), parameters }
}

const readKept = async (path: string): Promise<string | null> => {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw failed(path, cause)
  }
}

const writeKept = async (directory: string, path: string, text: string): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const file = await open(`${path}.new`, 'w', 0o600)
    await file.writeFile(`${text}\n`)
    await file.sync()
    await file.close()
    await rename(`${path}.new`, path)
  } catch (cause) {
    throw failed(path, cause)
  }
}

const failed = (path: string, cause: unknown): SluiceError =>
  new SluiceError('store_failed', {
    detail: `${path} cannot be read or written: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'check the permissions of the state directory',
    cause,
  })

/** Slow hashes one after the other: each takes tens of megabytes, and who asks for many gets none of the others' memory. */
const oneAtATime = (): (<Result>(work: () => Promise<Result>) => Promise<Result>) => {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (work) => {
    if (waiting >= limits.passwordChecksMax) {
      throw new SluiceError('overloaded', {
        detail: `${waiting} passwords wait to be checked already`,
        hint: 'sign in again in a second',
      })
    }
    waiting += 1
    const mine = last.then(work, work)
    last = mine.catch(() => {})
    return mine.finally(() => (waiting -= 1))
  }
}
