/**
 * The form of everything secret that Sluice hands out: `slu_<kind>_<id>_<secret>_<crc>`. The prefix lets secret scanners find one that leaked, the kind says what to revoke, the id is public,
 * and the check digits tell a typing error, or a text that only looks like one, without asking anybody.
 */

/** `pat`: a person's own token. `svc`: a program's. `wif`: of a workload, after an exchange. `ses`: a session. */
const tokenKinds = ['pat', 'svc', 'wif', 'ses'] as const

/** One of `tokenKinds`. */
export type TokenKind = (typeof tokenKinds)[number]

/** The parts of a token. */
export type TokenParts = { readonly kind: TokenKind; readonly id: string; readonly secret: string }

/** Characters of a token's id, base 36, and of its secret: 32 bytes in base64url. */
const form = /^slu_(pat|svc|wif|ses)_([0-9a-z]{19})_([A-Za-z0-9_-]{43})_([0-9a-f]{8})$/

/** A token as it is handed out. */
export const tokenText = ({ kind, id, secret }: TokenParts): string => {
  const body = `slu_${kind}_${id}_${secret}`
  return `${body}_${checkDigits(body)}`
}

/** Reads a token; null for anything that `tokenText` cannot have made. */
export const parseToken = (text: string): TokenParts | null => {
  const [, kindText, id, secret, digits] = form.exec(text) ?? []
  const kind = tokenKinds.find((one) => one === kindText)
  if (kind === undefined || id === undefined || secret === undefined) return null
  return checkDigits(`slu_${kind}_${id}_${secret}`) === digits ? { kind, id, secret } : null
}

/** CRC-32 (ISO 3309) of an ASCII text, 8 hex digits. */
const checkDigits = (text: string): string => {
  let crc = 0xffffffff
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index)
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')
}
