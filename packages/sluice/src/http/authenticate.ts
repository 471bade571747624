/**
 * Who asks. A bearer is looked at alone: whoever sends one is no browser, and a cookie beside it counts for nothing; and the other way round a cookie is good for nothing as a bearer. The root token
 * is compared here; everything else the engine knows.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { SluiceError } from '../core/errors.ts'
import { type Principal, rootPrincipal } from '../core/identity/access.ts'
import type { AccessRules } from '../core/identity/rules.ts'
import { type Actor } from '../core/model.ts'
import type { Engine } from '../engine/engine.ts'
import { cookieName, cookieOf } from './cookies.ts'
import { checkOrigin } from './origin.ts'

/** What recognising a request takes. `token` is the root token; null in the control plane's own process. */
export type Recognising = {
  readonly identity: Pick<Engine['identity'], 'principalOf'>
  readonly token: string | null
  readonly rules: () => Promise<AccessRules>
  readonly stateDir: string
}

/** Nobody: whom open routes answer. It may nothing. */
export const nobody: Principal = {
  kind: 'person',
  name: 'nobody',
  groups: [],
  grants: [],
  scope: null,
  proof: { kind: 'root' },
  expiresAt: null,
}

/** Who sends a request. `token_missing`, `token_stale`, `origin_refused`. */
export const authenticate = async (request: Request, recognising: Recognising): Promise<Principal> => {
  const { token, identity, rules, stateDir } = recognising
  const root = (): Principal => rootPrincipal(actorOf(request.headers.get('x-sluice-actor')))
  if (token === null) return root()
  const header = request.headers.get('authorization')
  if (header !== null) {
    const text = bearerOf(header)
    if (isSame(text, token)) return root()
    const { groupRoles } = await rules()
    return identity.principalOf({ text, carrier: 'bearer', groupRoles })
  }
  const { groupRoles, url } = await rules()
  const text = cookieOf(request.headers.get('cookie'), cookieName(stateDir, url))
  if (text === null) throw missing()
  checkOrigin(request, url)
  return identity.principalOf({ text, carrier: 'cookie', groupRoles })
}

/** The name for the ledger. A program's is not that of a person: what goes on by itself passes over no hold and no pin. */
export const actorFor = ({ kind, name }: Principal): Actor => ({
  kind: kind === 'root' || kind === 'person' ? 'person' : 'system',
  name,
})

/**
 * Whose an idempotency key is. A person's is good from whatever signed it in, as the person is the one who asks; a job's from each token that its rule gives; that of a program from its own token alone, since two programs may be
 * called the same.
 */
export const keyOwnerOf = ({ kind, name, proof }: Principal): string =>
  kind === 'service' && proof.kind === 'token' ? `${kind}:${proof.id}` : `${kind}:${name}`

const bearerOf = (header: string): string => {
  const [scheme, given] = header.trim().split(/\s+/, 2)
  if (scheme?.toLowerCase() !== 'bearer' || given === undefined) throw missing()
  return given
}

const missing = (): SluiceError =>
  new SluiceError('token_missing', {
    detail: 'the request carries no token',
    hint: 'send "Authorization: Bearer <token>"; the token is in .sluice/token beside the control plane (sluice --server: sluice login, or SLUICE_TOKEN)',
  })

/** Whether two texts are the same. Takes as long for any that are not: hashes have one length, whatever was sent. */
export const isSame = (given: string, token: string): boolean =>
  timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'))

/** What the holder of the root token says its name is: one token has no names of its own. */
const actorOf = (header: string | null): string => {
  const name = decode(header ?? '')
    .replace(/[\p{C}]/gu, '')
    .trim()
    .slice(0, 100)
  return name === '' ? 'token' : name
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
