/** Credentials of a test: kept in memory, and not slow. */
import { createHash, randomBytes } from 'node:crypto'
import type { Credentials } from '../../src/ports/credentials.ts'

/** The port without files and without slow hashes. */
export const memoryCredentials = (): Credentials => {
  const secrets = new Map<string, string>()
  const passwords = new Map<string, string>()
  return {
    issue: async (id) => {
      const secret = randomBytes(32).toString('base64url')
      secrets.set(id, secret)
      return secret
    },
    matches: async (id, secret) => secrets.get(id) === secret,
    setPassword: async (name, password) => void passwords.set(name, password),
    matchesPassword: async (name, password) => passwords.get(name) === password,
    passwordTag: async (salt, password) => createHash('sha256').update(`${salt}\0${password}`).digest('hex'),
    remove: async (id) => void secrets.delete(id),
    removePassword: async (name) => void passwords.delete(name),
  }
}
