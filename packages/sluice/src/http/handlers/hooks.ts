/** Answers to webhooks. Whose a hook is, is known before a word of it is read; then it is on record before it is answered, and everything else comes after that. */
import { SluiceError } from '../../core/errors.ts'
import type { Where } from '../../core/model.ts'
import { type HookReading, readGithubHook, readGitlabHook, readPushHook } from '../../core/source/read-hook.ts'
import type { SourceRules } from '../../core/source/rules.ts'
import { teller } from '../../engine/commands/arrivals.ts'
import type { HookProof, RawHook } from '../../ports/hook-verifier.ts'
import type { HookTakenView } from '../client/source-views.ts'
import type { ApiContext } from '../context.ts'
import type { HookKeys } from '../hook-keys.ts'
import type { RequestTally } from '../metrics/request-tally.ts'

/** The routes that webhooks come in by. */
export type HookId = 'hooks.github' | 'hooks.gitlab' | 'hooks.push'

/** Whether a route is one of them. */
export const isHook = (id: string): id is HookId => id.startsWith('hooks.')

/** Answers one. `hook_refused`, `usage_invalid`, `store_full`. */
export const takeHook = async (
  context: ApiContext,
  id: HookId,
  { request, where, tally }: { readonly request: Request; readonly where: Where; readonly tally: RequestTally },
): Promise<HookTakenView> => {
  const source = sourceOf(id)
  const keys = await context.hookKeys()
  const hook = await rawHook(request)
  const proof = hook === null ? null : await proofOf(context, { id, hook, keys })
  if (hook === null || proof === null || keys.rules === null) {
    tally.hook(source, 'refused')
    // The same words whatever is wrong.
    throw new SluiceError('hook_refused', { detail: 'this is not signed by a source of this control plane' })
  }
  const reading = read(id, { hook, rules: keys.rules })
  if (reading.kind === 'invalid') {
    tally.hook(source, 'invalid')
    throw new SluiceError('usage_invalid', {
      detail: `the webhook is off: ${reading.detail}`,
      hint: 'docs/sources.md says what is taken',
    })
  }
  if (reading.kind === 'unread') {
    tally.hook(source, 'unread')
    return { arrivals: [], because: reading.because }
  }
  const delivery = { name: nameOf(context, { id, hook, proof }), told: reading.told }
  const caller = { by: teller(source), reason: null, idempotencyKey: null, where }
  const { arrivals } = await context.engine.sources.receive(delivery, caller)
  tally.hook(source, 'taken')
  return { arrivals, because: reading.told[0]?.because ?? null }
}

const sourceOf = (id: HookId): 'github' | 'gitlab' | 'push' => {
  if (id === 'hooks.github') return 'github'
  return id === 'hooks.gitlab' ? 'gitlab' : 'push'
}

/** Null for a body that is no text: nothing that signs is. */
const rawHook = async (request: Request): Promise<RawHook | null> => {
  const bytes = await request.arrayBuffer()
  try {
    // Byte for byte: what would be changed on the way into a text is refused.
    const body = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { headers: Object.fromEntries(request.headers), body }
  } catch {
    return null
  }
}

type Checking = { readonly id: HookId; readonly hook: RawHook; readonly keys: HookKeys }

/** By what the hook shows whose it is; null when it does not. A secret that there is not is checked for like any other, so that no time tells. */
const proofOf = async ({ hookVerifier }: ApiContext, { id, hook, keys }: Checking): Promise<HookProof | null> => {
  const { rules, secrets } = keys
  const wanted: readonly (readonly [HookProof, string | null | undefined])[] =
    id === 'hooks.github'
      ? [['github', rules?.github?.webhookSecret]]
      : id === 'hooks.push'
        ? [['standard', rules?.push?.secret]]
        : [
            ['standard', rules?.gitlab?.signingToken],
            ['gitlabToken', rules?.gitlab?.webhookSecret],
          ]
  let found: HookProof | null = null
  for (const [proof, name] of wanted) {
    const secret = typeof name === 'string' ? secrets.get(name) : undefined
    const isGenuine = await hookVerifier.verify(proof, hook, secret ?? 'nobody has this one')
    if (isGenuine && secret !== undefined) found ??= proof
  }
  return found
}

const read = (id: HookId, { hook, rules }: { readonly hook: RawHook; readonly rules: SourceRules }): HookReading => {
  const { headers } = hook
  const body = jsonOf(hook)
  if (body === undefined) return { kind: 'invalid', detail: 'the body is not JSON' }
  const event = headers['x-github-event'] ?? headers['x-gitlab-event'] ?? null
  if (id === 'hooks.github')
    return readGithubHook({ event, delivery: bounded(headers['x-github-delivery']), body }, rules)
  const delivery = bounded(headers['webhook-id'] ?? headers['idempotency-key'] ?? headers['x-gitlab-event-uuid'])
  return id === 'hooks.gitlab'
    ? readGitlabHook({ event, delivery, body }, rules)
    : readPushHook({ event: null, delivery, body }, 'push')
}

const bounded = (text: string | undefined): string | null => text?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 100) ?? null

/** GitHub sends JSON, or a form with JSON in it, as whoever set up the webhook chose. Undefined for anything else. */
const jsonOf = ({ headers, body }: RawHook): unknown => {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  try {
    const value: unknown = JSON.parse(isForm ? (new URLSearchParams(body).get('payload') ?? '') : body)
    return value
  } catch {
    return undefined
  }
}

type Naming = { readonly id: HookId; readonly hook: RawHook; readonly proof: HookProof }

/**
 * What a delivery is known by, so that it is taken once: by what is signed. GitHub signs the body alone, so that one and the same body is one delivery, whatever its headers say; as Standard Webhooks has it
 * the id is signed, too. What comes with a word alone is as good as that word: then the sender's own id counts.
 */
const nameOf = ({ sha256 }: ApiContext, { id, hook, proof }: Naming): string => {
  const { headers, body } = hook
  if (proof === 'standard') return `${id} ${headers['webhook-id'] ?? ''}`
  const own = headers['idempotency-key'] ?? headers['x-gitlab-event-uuid']
  if (proof === 'gitlabToken' && own !== undefined) return `${id} ${own}`
  return `${id} ${sha256(body)}`
}
