/** Whether who asks may have what it asks for: the `needs` of the route, at every place that the request is about. */
import { SluiceError } from '../core/errors.ts'
import { allows, mayAtAll, type Place, type Principal, refusalText } from '../core/identity/access.ts'
import type { Permission } from '../core/identity/permissions.ts'
import type { ApiContext } from './context.ts'
import { serviceOf } from './handlers/lookup.ts'
import type { Need } from './routes/spec.ts'

/** A request as far as it says what it is about. */
export type Asked = {
  readonly params: Readonly<Record<string, string>>
  readonly body: unknown
  readonly signal: AbortSignal
}

/** Before anything of a body is read: throws `forbidden` when who asks may not do this anywhere. */
export const authorizeAtAll = (principal: Principal, needs: Need): void => {
  const permissions = permissionsOf(needs)
  const [first] = permissions
  if (first === undefined || permissions.some((permission) => mayAtAll(principal, permission))) return
  throw forbidden(principal, first, { service: null, environment: null })
}

/** Throws `forbidden` unless who asks may do it at every place that the request is about. */
export const authorize = async (
  context: ApiContext,
  principal: Principal,
  { needs, ...asked }: Asked & { readonly needs: Need },
): Promise<void> => {
  const wanted = wantedPermissions(needs, asked.body)
  // The owner of the state directory may everything, everywhere; what a request is about need not be looked up for that.
  if (wanted.length === 0 || principal.kind === 'root') return
  for (const place of await placesOf(context, principal, asked))
    for (const permission of wanted)
      if (!allows(principal, permission, place)) throw forbidden(principal, permission, place)
}

const permissionsOf = (needs: Need): readonly Permission[] => {
  if (needs === 'open' || needs === 'signed_in') return []
  return typeof needs === 'string' ? [needs] : Object.values(needs.command)
}

/** The permission of a row, or of the command in the body; `override` besides when a release is to go on over a refusal, and `rollback` when a stopped line turns back what is under way. */
const wantedPermissions = (needs: Need, body: unknown): readonly Permission[] => {
  if (needs === 'open' || needs === 'signed_in') return []
  if (typeof needs !== 'string') {
    const command = fieldOf(body, 'command')
    const permission =
      typeof command === 'string' && Object.hasOwn(needs.command, command) ? needs.command[command] : null
    // The schema of the body knows no other command; should it ever, nobody may until its row says who.
    return [permission ?? 'admin']
  }
  // To stop the line is for everybody who sees something; to turn back what is under way is going back.
  if (needs === 'pause' && fieldOf(body, 'underway') === 'abort') return [needs, 'rollback']
  const overrides = fieldOf(body, 'overrides')
  return needs === 'deploy' && Array.isArray(overrides) && overrides.length > 0 ? [needs, 'override'] : [needs]
}

/**
 * What a request is about: the environment in its path, that of the rollout, drill or incident there, those of a train's members, or the one in its body. Everything else is of no one environment.
 */
const placesOf = async (
  context: ApiContext,
  principal: Principal,
  { params, body, signal }: Asked,
): Promise<readonly Place[]> => {
  const { reading } = context.engine
  const { environment, rollout, drill, incident, train } = params
  if (rollout !== undefined) {
    const { plan } = await reading.rollout(rollout)
    return [{ service: plan.service, environment: plan.spec.name }]
  }
  if (drill !== undefined) return [placeOf((await reading.drill(drill)).plan)]
  if (incident !== undefined) return [placeOf(await reading.incident(incident))]
  if (train !== undefined) return (await reading.train(train)).plan.members.map(placeOf)
  const service = await ownService(context, principal, signal)
  if (environment !== undefined) return [{ service, environment }]
  const members = fieldOf(body, 'members')
  if (Array.isArray(members)) return members.map((member) => namedIn(member, service))
  return [namedIn(body, service)]
}

const placeOf = ({ service, environment }: { readonly service: string; readonly environment: string }): Place => ({
  service,
  environment,
})

const namedIn = (body: unknown, own: string | null): Place => {
  const [service, environment] = [fieldOf(body, 'service'), fieldOf(body, 'environment')]
  return {
    service: typeof service === 'string' ? service : own,
    environment: typeof environment === 'string' ? environment : null,
  }
}

/** The service that this control plane delivers, where it matters to anybody's grants. */
const ownService = async (
  context: ApiContext,
  { grants, scope }: Principal,
  signal: AbortSignal,
): Promise<string | null> =>
  [...grants, ...(scope ?? [])].some(({ service }) => service !== undefined) ? serviceOf(context, signal) : null

const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined

const forbidden = (principal: Principal, permission: Permission, place: Place): SluiceError =>
  new SluiceError('forbidden', {
    detail: refusalText(principal, permission, place),
    hint: 'sluice whoami   shows what you may; an admin grants more: sluice user role <name> <role>',
  })
