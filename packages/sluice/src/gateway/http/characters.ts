/** Which bytes HTTP/1.1 allows where, as tables of 256 flags (RFC 9110 section 5.6.2, RFC 9112 sections 2–5, June 2022). */

const table = (allows: (code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => (allows(code) ? 1 : 0))

const isAlphanumeric = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

const tokenMarks = new Set([..."!#$%&'*+-.^_`|~"].map((mark) => mark.charCodeAt(0)))

/** Bytes of a token: methods and field names. */
export const tokenBytes: Uint8Array = table((code) => isAlphanumeric(code) || tokenMarks.has(code))

/** Bytes of a field value: HTAB, SP, visible ASCII, and obs-text. No other control byte, above all no CR, LF or NUL. */
export const valueBytes: Uint8Array = table((code) => code === 9 || (code >= 32 && code !== 127))

/** Bytes of a request target: visible ASCII. */
export const targetBytes: Uint8Array = table((code) => code > 32 && code < 127)

/** Value of a hexadecimal digit, 255 for any other byte. */
export const hexValues: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? 255 : value
})
