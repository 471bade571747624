/**
 * Tokens of CI services, checked by `jose`: signed by a key that the issuer publishes, by an algorithm of a short list, for us, now, once. Only issuers that a rule of the config names are ever asked.
 */
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { SluiceError } from '../../core/errors.ts'
import type { WorkloadRule } from '../../core/identity/rules.ts'
import { limits } from '../../core/limits.ts'
import type { VouchedJob } from '../../ports/identity-provider.ts'

/** No symmetric one, and never `none`: what is public must not be a key. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA']

/** Keys by issuer; the library asks for them again when one is not among them, and not more often than it should. */
export type IssuerKeys = Map<string, Promise<JWTVerifyGetKey>>

/** See the port. */
export const recogniseJob = async (
  keys: IssuerKeys,
  {
    assertion,
    rules,
    now,
  }: { readonly assertion: string; readonly rules: readonly WorkloadRule[]; readonly now: number },
): Promise<VouchedJob> => {
  const issuer = issuerOf(assertion)
  const known = rules.filter((rule) => rule.issuer === issuer)
  if (known.length === 0) throw refused(`no rule of the config trusts ${JSON.stringify(issuer.slice(0, 200))}`)
  const payload = await verified(assertion, { issuer, known, now, keys })
  const rule = known.find((one) => fits(payload, one))
  if (rule === undefined) throw refused(`no rule lets this job in: ${claimsInWords(payload, known)}`)
  const { sub = '', jti = '' } = payload
  const startedBy = payload['actor'] ?? payload['user_login']
  return { rule, subject: sub, once: jti, startedBy: typeof startedBy === 'string' ? startedBy.slice(0, 100) : null }
}

type Checking = {
  readonly issuer: string
  readonly known: readonly WorkloadRule[]
  readonly now: number
  readonly keys: IssuerKeys
}

const verified = async (assertion: string, { issuer, known, now, keys }: Checking): Promise<JWTPayload> => {
  try {
    const { payload } = await jwtVerify(assertion, await keysOf(keys, issuer), {
      issuer,
      audience: [...new Set(known.map(({ audience }) => audience))],
      algorithms,
      clockTolerance: limits.workloadClockSkewMs / 1_000,
      maxTokenAge: limits.workloadAssertionAgeMsMax / 1_000,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iat', 'jti', 'sub'],
    })
    return payload
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    const why = cause instanceof errors.JOSEError ? cause.message : 'it cannot be read'
    throw refused(`the token of ${issuer} is not good: ${why}`, cause)
  }
}

/** Every claim of the rule exactly, and made for whom the rule says. */
const fits = (payload: JWTPayload, { claims, audience }: WorkloadRule): boolean =>
  [payload.aud ?? []].flat().includes(audience) &&
  Object.entries(claims).every(([name, value]) => Object.hasOwn(payload, name) && scalarText(payload[name]) === value)

const scalarText = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null

/** What the rules look at, as the job has it: it is the job that is told. */
const claimsInWords = (payload: JWTPayload, rules: readonly WorkloadRule[]): string => {
  const names = [...new Set(rules.flatMap(({ claims }) => Object.keys(claims)))]
  return names.map((name) => `${name} is ${JSON.stringify(payload[name] ?? null)?.slice(0, 200)}`).join(', ')
}

const issuerOf = (assertion: string): string => {
  try {
    const { iss } = decodeJwt(assertion)
    if (typeof iss === 'string') return iss
  } catch (cause) {
    throw refused('it is no token of a CI service (a JWT)', cause)
  }
  throw refused('the token does not say who issued it')
}

const keysOf = (keys: IssuerKeys, issuer: string): Promise<JWTVerifyGetKey> => {
  const known = keys.get(issuer)
  if (known !== undefined) return known
  const asked = discoverKeys(issuer)
  keys.set(issuer, asked)
  // Who did not answer is asked again.
  asked.catch(() => keys.delete(issuer))
  return asked
}

const discoverKeys = async (issuer: string): Promise<JWTVerifyGetKey> => {
  const document = await documentOf(issuer)
  const { issuer: said, jwks_uri: place } = document
  if (said !== issuer || typeof place !== 'string' || !URL.canParse(place))
    throw refused(`${issuer} does not describe itself as an issuer with keys`)
  return createRemoteJWKSet(new URL(place), { timeoutDuration: limits.providerTimeoutMs })
}

/** Parser of a discovery document: the members are looked at one by one by whoever asks. */
const documentOf = async (issuer: string): Promise<Readonly<Record<string, unknown>>> => {
  try {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(limits.providerTimeoutMs),
    })
    if (!response.ok) throw new Error(`it answered with status ${response.status}`)
    const text = await response.text()
    if (text.length > limits.providerAnswerBytesMax) throw new Error('its description is too long')
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new SluiceError('server_unreachable', {
      detail: `${issuer} cannot be asked for its keys: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'ask again; the control plane must reach it',
      cause,
    })
  }
}

const refused = (detail: string, cause?: unknown): SluiceError =>
  new SluiceError('sign_in_failed', {
    detail,
    hint: 'access.workloads in the config says which jobs are let in',
    cause,
  })
