/**
 * What an assistant may have done, where its token's role allows it. The first call shows what would happen and gives a code for exactly that; only a second call with the code does it, through the
 * same gates and approvals as for anybody. When the plan has changed in between, the code no longer fits and nothing is done.
 */
import { z } from 'zod'
import type { Sha256 } from '../../../core/model.ts'
import type { Client } from '../client.ts'
import type { PlanView } from '../plan-views.ts'

/** What a call of a tool that changes something came to. */
export type Written =
  | { readonly done: false; readonly confirm: string; readonly note: string; readonly would: object }
  | { readonly done: true; readonly answer: object }

/** One tool that changes something. */
export type WriteTool = {
  readonly name: string
  readonly description: string
  readonly input: z.ZodObject
  readonly write: (world: World, input: unknown, signal: AbortSignal) => Promise<Written>
}

/** What a tool works with. */
export type World = { readonly client: Client; readonly sha256: Sha256 }

/** A change: what it would do now, and how it is done under an idempotency key. */
type Change = { readonly would: object; readonly fixed: object; readonly perform: (key: string) => Promise<object> }

const environment = z.string().min(1).describe('Name of an environment, e.g. production.')
const release = z.string().min(1).optional().describe('An id, its beginning, a version, or `latest`.')
const reason = z.string().min(1).max(2_000).describe('Why; goes to the ledger.')
const confirm = z.string().min(1).optional().describe('The code of the first call, to have it done.')

const digits = 16

/** A tool that shows first: `change` says what it would do, `fixed` is what must still be so when it is confirmed. */
const tool = <Input extends z.ZodObject<{ confirm: typeof confirm }>>(
  name: string,
  { description, input }: { readonly description: string; readonly input: Input },
  change: (client: Client, input: z.output<Input>, signal: AbortSignal) => Promise<Change>,
): WriteTool => ({
  name,
  description: `${description} Call it first without \`confirm\`: it says what would happen and does nothing.`,
  input,
  write: async ({ client, sha256 }, given, signal) => {
    const read = input.parse(given)
    const { would, fixed, perform } = await change(client, read, signal)
    const code = sha256(JSON.stringify([name, fixed])).slice(0, digits)
    if (read.confirm === code) return { done: true, answer: await perform(`mcp:${name}:${code}`) }
    const note =
      read.confirm === undefined
        ? 'Nothing was done. Show this to the person who asked; call again with this code in `confirm` to have it done.'
        : 'Nothing was done: what would happen is no longer what it was when the code was given.'
    return { done: false, confirm: code, note, would }
  },
})

/** What of a plan must still be so. Forecasts move with the traffic and are left out. */
const fixedOf = ({ environment: name, purpose, from, to, steps, refusals, migrations }: PlanView): object => ({
  name,
  purpose,
  from: from?.id ?? null,
  to: to.id,
  steps: steps.map(({ text }) => text),
  refusals: refusals.map(({ kind }) => kind),
  migrations,
})

const planOf = (
  client: Client,
  query: { readonly purpose: PlanView['purpose']; readonly release: string | undefined },
  { environment: name, signal }: { readonly environment: string; readonly signal: AbortSignal },
): Promise<PlanView> =>
  client.call('environments.plan', {
    params: { environment: name },
    query: { purpose: query.purpose, ...(query.release === undefined ? {} : { release: query.release }) },
    signal,
  })

const delivery = (purpose: 'deploy' | 'promote', description: string): WriteTool =>
  tool(
    purpose,
    { description, input: z.object({ environment, release, reason, confirm }) },
    async (client, { environment: name, release: named, reason: why }, signal) => {
      const plan = await planOf(client, { purpose, release: named }, { environment: name, signal })
      const perform = (idempotencyKey: string): Promise<object> =>
        client.call(`environments.${purpose}`, {
          params: { environment: name },
          body: { release: plan.to.id, reason: why },
          idempotencyKey,
          signal,
        })
      return { would: plan, fixed: fixedOf(plan), perform }
    },
  )

/** The tools that change something. */
export const writeTools: readonly WriteTool[] = [
  delivery('deploy', 'Starts a rollout of a release to an environment.'),
  delivery('promote', 'Starts a rollout of what the environment before this one serves.'),
  tool(
    'rollback',
    {
      description:
        'Turns a live rollout around, or brings back the release that served before, and holds the one that is left.',
      input: z.object({ environment, release, reason, confirm }),
    },
    async (client, { environment: name, release: named, reason: why }, signal) => {
      const view = await client.call('environments.show', { params: { environment: name }, signal })
      const fixed = {
        live: view.live?.id ?? null,
        serving: view.serving?.id ?? null,
        previous: view.previous?.id ?? null,
        named,
      }
      const perform = (idempotencyKey: string): Promise<object> =>
        client.call('environments.rollback', {
          params: { environment: name },
          body: { reason: why, ...(named === undefined ? {} : { release: named }) },
          idempotencyKey,
          signal,
        })
      return { would: { takesBack: view.live ?? view.serving, bringsBack: named ?? view.previous }, fixed, perform }
    },
  ),
  tool(
    'rollout_command',
    {
      description: 'Pauses, resumes or aborts a rollout that is under way.',
      input: z.object({ rollout: z.string().min(1), command: z.enum(['pause', 'resume', 'abort']), reason, confirm }),
    },
    async (client, { rollout, command, reason: why }, signal) => {
      const { id, status, to, paused, now } = await client.call('rollouts.show', { params: { rollout }, signal })
      // The same command is given again after its opposite, under the same code: the time tells them apart. What was done already is not so any more as it was.
      const perform = (key: string): Promise<object> => {
        const body = { command, reason: why }
        return client.call('rollouts.command', { params: { rollout }, body, idempotencyKey: `${key}:${now}`, signal })
      }
      const fixed = { command, id, status, paused: paused?.text ?? null }
      return { would: { command, rollout: id, status, to }, fixed, perform }
    },
  ),
]
