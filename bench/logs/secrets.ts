/** Random secrets of the kinds that projects have. */
import type { Prng } from '../../packages/sluice/test/sim/prng.ts'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const base64Letters = `${letters}+/`
const awkward = `${letters}!@#$%^&*()_-+={}[]|\\:;"'<>,.?/~\` éß€`

/** A secret, and which parts of it are secret in themselves: the whole, its lines, its leaves. */
export type Secret = { readonly value: string; readonly parts: readonly string[] }

/** Random text of some letters. */
export const textOf = (prng: Prng, from: string, length: number): string =>
  Array.from({ length }, () => [...from][prng.below([...from].length)] ?? 'x').join('')

const plain = (value: string): Secret => ({ value, parts: [value] })

/** One of: a token, a password with signs, a key of many lines, a JSON document, lines of an environment file, a phrase. */
export const secretOf = (prng: Prng): Secret => {
  switch (prng.below(6)) {
    case 0:
      return plain(`ghp_${textOf(prng, letters, 36)}`)
    case 1:
      return plain(`p${textOf(prng, awkward, 8 + prng.below(24))}w`)
    case 2: {
      const body = Array.from({ length: 3 + prng.below(8) }, () => textOf(prng, base64Letters, 64))
      const lines = [
        '-----BEGIN PRIVATE KEY-----',
        ...body,
        `${textOf(prng, base64Letters, 22)}==`,
        '-----END PRIVATE KEY-----',
      ]
      return { value: `${lines.join('\n')}\n`, parts: [lines.join('\n'), ...lines] }
    }
    case 3: {
      const leaves = {
        id: textOf(prng, letters, 12),
        password: `q${textOf(prng, awkward, 14)}z`,
        pin: 100_000_000 + prng.below(1_000_000_000),
      }
      const value = JSON.stringify({ account: leaves, hosts: [textOf(prng, letters, 16)] }, null, prng.below(3))
      return { value, parts: [value, leaves.id, leaves.password, String(leaves.pin)] }
    }
    case 4: {
      const lines = Array.from({ length: 3 }, (_, index) => `VARIABLE_${index}=${textOf(prng, letters, 20)}`)
      return { value: lines.join('\r\n'), parts: lines }
    }
    default:
      return plain(Array.from({ length: 5 }, () => textOf(prng, letters, 6)).join(' '))
  }
}
