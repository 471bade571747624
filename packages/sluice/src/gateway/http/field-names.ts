/** The field names that a proxy must understand, as small numbers, found without making a string. */

/** Number of each known field; 0 is any other. */
export const field = {
  other: 0,
  host: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  upgrade: 5,
  expect: 6,
  keepAlive: 7,
  proxyConnection: 8,
  te: 9,
  cookie: 10,
  requestId: 11,
  forwardedFor: 12,
  forwardedProto: 13,
  forwardedHost: 14,
  forwarded: 15,
  http2Settings: 16,
  mirrored: 17,
} as const

const names: readonly (readonly [string, number])[] = [
  ['host', field.host],
  ['connection', field.connection],
  ['content-length', field.contentLength],
  ['transfer-encoding', field.transferEncoding],
  ['upgrade', field.upgrade],
  ['expect', field.expect],
  ['keep-alive', field.keepAlive],
  ['proxy-connection', field.proxyConnection],
  ['te', field.te],
  ['cookie', field.cookie],
  ['x-request-id', field.requestId],
  ['x-forwarded-for', field.forwardedFor],
  ['x-forwarded-proto', field.forwardedProto],
  ['x-forwarded-host', field.forwardedHost],
  ['forwarded', field.forwarded],
  ['http2-settings', field.http2Settings],
  // Ours to say: who claims to be a copy could have a service leave out what it does for real requests.
  ['x-sluice-mirror', field.mirrored],
]

type Candidate = { readonly bytes: Uint8Array; readonly id: number }

const byLength: readonly (readonly Candidate[])[] = Array.from({ length: 24 }, (_, length) =>
  names.filter(([name]) => name.length === length).map(([name, id]) => ({ bytes: new TextEncoder().encode(name), id })),
)
const none: readonly Candidate[] = []

const equals = (bytes: Uint8Array, start: number, name: Uint8Array): boolean => {
  for (let index = 0; index < name.length; index += 1) {
    const byte = bytes[start + index] ?? 0
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte
    if (lower !== name[index]) return false
  }
  return true
}

/** The number in `field` of the name at `start`–`end`, whatever its case. */
export const fieldNumber = (bytes: Uint8Array, start: number, end: number): number => {
  for (const candidate of byLength[end - start] ?? none) if (equals(bytes, start, candidate.bytes)) return candidate.id
  return field.other
}
