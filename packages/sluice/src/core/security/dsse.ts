/** Signed envelopes. Source: DSSE protocol and envelope 1.0 (secure-systems-lab/dsse). */
import { z } from 'zod'

/** An envelope: bytes, what they are, and who signed them. */
export type Envelope = {
  readonly payloadType: string
  /** Base64 of the bytes. */
  readonly payload: string
  /** `sig` is base64; `keyid` is a hint and proves nothing. */
  readonly signatures: readonly { readonly keyid?: string | undefined; readonly sig: string }[]
}

const envelope: z.ZodType<Envelope> = z.object({
  payloadType: z.string(),
  payload: z.string(),
  signatures: z.array(z.object({ keyid: z.string().optional(), sig: z.string() })),
})

/** Reads an envelope; null for a text that is none. */
export const parseEnvelope = (text: string): Envelope | null => {
  try {
    return envelope.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** The bytes that are signed: type and body with their lengths in bytes before them, so that neither can be taken for the other. */
export const preAuthenticationEncoding = (payloadType: string, body: Uint8Array): Uint8Array => {
  const encoder = new TextEncoder()
  const type = encoder.encode(payloadType)
  const parts = [encoder.encode(`DSSEv1 ${type.length} `), type, encoder.encode(` ${body.length} `), body]
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Bytes of a base64 text in the standard or the URL-safe alphabet; null for anything else. */
const decodeBase64 = (text: string): Uint8Array | null => {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return null
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}

/** What is trusted. */
export type Trust<Key> = {
  /** Each key once: the same key twice counts as one. */
  readonly keys: readonly Key[]
  /** How many of them must have signed, at least 1. */
  readonly threshold: number
  readonly payloadType: string
  /** Whether a key made a signature over bytes. */
  readonly verify: (key: Key, bytes: Uint8Array, signature: Uint8Array) => boolean
}

/** What came of checking an envelope. The payload is only there when it may be believed. */
export type Opened<Key> =
  | { readonly kind: 'verified'; readonly payload: Uint8Array; readonly keys: readonly Key[] }
  | { readonly kind: 'refused'; readonly reason: string }

/** Checks an envelope against trusted keys; only then is its payload looked at. Hints of key ids are not relied on. */
export const openEnvelope = <Key>(sealed: Envelope, trust: Trust<Key>): Opened<Key> => {
  const payload = decodeBase64(sealed.payload)
  if (payload === null) return { kind: 'refused', reason: 'the payload is no base64' }
  const bytes = preAuthenticationEncoding(sealed.payloadType, payload)
  const signatures = sealed.signatures.map(({ sig }) => decodeBase64(sig)).filter((one) => one !== null)
  const keys = trust.keys.filter((key) => signatures.some((signature) => trust.verify(key, bytes, signature)))
  if (keys.length < Math.max(1, trust.threshold)) {
    const wanted = trust.threshold > 1 ? ` of ${trust.threshold} that are wanted` : ''
    return {
      kind: 'refused',
      reason: `${keys.length} trusted keys${wanted} signed it (${sealed.signatures.length} signatures, ${trust.keys.length} trusted keys)`,
    }
  }
  if (sealed.payloadType !== trust.payloadType)
    return { kind: 'refused', reason: `it holds ${JSON.stringify(sealed.payloadType)}, not ${trust.payloadType}` }
  return { kind: 'verified', payload, keys }
}
