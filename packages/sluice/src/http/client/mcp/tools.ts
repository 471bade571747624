/** What an assistant may look at. Each tool asks one route of the API and gives its answer as it is, so that nothing can be seen or done here that cannot be there. */
import { z } from 'zod'
import type { Client } from '../client.ts'
import { rolloutStatuses, runStatuses } from '../list-filters.ts'

/** One tool that changes nothing. */
export type ReadTool = {
  readonly name: string
  /** What it gives, for who decides whether to use it. */
  readonly description: string
  readonly input: z.ZodObject
  readonly ask: (client: Client, input: unknown, signal: AbortSignal) => Promise<object>
}

const environment = z.string().min(1).describe('Name of an environment, e.g. production.')
const release = z.string().min(1).optional().describe('An id, its beginning, a version, or `latest`.')
const limit = z.number().int().min(1).max(100).default(20).describe('Items at most, newest first.')

/** A tool whose input is read by its schema before it is used. */
const tool = <Input extends z.ZodObject>(
  name: string,
  { description, input }: { readonly description: string; readonly input: Input },
  ask: (client: Client, input: z.output<Input>, signal: AbortSignal) => Promise<object>,
): ReadTool => ({ name, description, input, ask: (client, given, signal) => ask(client, input.parse(given), signal) })

/** The tools that look. */
export const readTools: readonly ReadTool[] = [
  tool(
    'status',
    {
      description:
        'Every environment: which release serves it, what is under way, waits or is locked, and what traffic shows.',
      input: z.object({}),
    },
    (client, _, signal) => client.call('environments.list', { signal }),
  ),
  tool(
    'plan',
    {
      description:
        'What a deploy, promotion or rollback would do: steps, gates, refusals, and the way back. Changes nothing.',
      input: z.object({ environment, release, purpose: z.enum(['deploy', 'promote', 'rollback']).default('deploy') }),
    },
    (client, { environment: name, purpose, release: named }, signal) =>
      client.call('environments.plan', {
        params: { environment: name },
        query: { purpose, ...(named === undefined ? {} : { release: named }) },
        signal,
      }),
  ),
  tool(
    'why',
    {
      description: 'Why a rollout ended as it did: the deciding measurement, the counts, the evidence over time.',
      input: z.object({ rollout: z.string().min(1).describe('Id of a rollout.') }),
    },
    (client, { rollout }, signal) => client.call('rollouts.why', { params: { rollout }, signal }),
  ),
  tool(
    'rollouts',
    {
      description: 'Rollouts, newest first, of one environment or of all, and of one status or of any.',
      input: z.object({ environment: environment.optional(), status: z.enum(rolloutStatuses).optional(), limit }),
    },
    (client, input, signal) => client.call('rollouts.list', { query: input, signal }),
  ),
  tool(
    'runs',
    {
      description: 'Runs of the pipeline, newest first, of one branch or of all, and of one status or of any.',
      input: z.object({
        branch: z.string().min(1).optional(),
        status: z.enum(runStatuses).optional(),
        limit,
      }),
    },
    (client, input, signal) => client.call('runs.list', { query: input, signal }),
  ),
  tool(
    'run',
    {
      description: 'One run of the pipeline and its jobs.',
      input: z.object({ run: z.string().min(1).describe('Id of a run.') }),
    },
    (client, { run }, signal) => client.call('runs.show', { params: { run }, signal }),
  ),
  tool(
    'logs',
    {
      description: 'Lines of the log of a job, secrets masked: from line `after` on, or those that hold a text.',
      input: z.object({
        run: z.string().min(1),
        job: z.string().min(1),
        after: z.number().int().nonnegative().default(0),
        limit: z.number().int().min(1).max(1_000).default(200),
        search: z.string().min(1).optional(),
      }),
    },
    (client, { run, job, after, limit: most, search }, signal) =>
      client.call('runs.logs', {
        params: { run, job },
        query: { after, limit: most, ...(search === undefined ? {} : { search }) },
        signal,
      }),
  ),
  tool(
    'releases',
    { description: 'Releases, newest first.', input: z.object({ limit }) },
    (client, { limit: most }, signal) => client.call('releases.list', { query: { limit: most }, signal }),
  ),
]
