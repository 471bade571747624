import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { required } from './which.ts'

/** `sluice cache explain`: why a job was, or was not, found in the cache. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const job = required(input.args[0], 'a job')
    const run = textOption(input, 'run') ?? (await latestWith(client, job))
    const reasons = await cacheReasons(client, { run, job })
    if (cli.globals.json) cli.json({ run, job, ...reasons })
    else {
      cli.print(`${cli.style.bold(job)}  ${wordsOf[reasons.found]}   ${cli.style.dim(run)}`)
      for (const line of reasons.because) cli.print(`  ${line}`)
    }
    return 0
  })

/** What a run said about one job and the cache. */
export type CacheReasons = { readonly found: 'hit' | 'miss' | 'unused'; readonly because: readonly string[] }

const wordsOf: Readonly<Record<CacheReasons['found'], string>> = {
  hit: 'from the cache',
  miss: 'not in the cache',
  unused: 'the cache was not asked: the job declares no inputs, it did not start, or the run was told not to',
}

/** One line about it. */
export const reasonText = ({ found, because }: CacheReasons): string =>
  found === 'unused' ? 'the cache was not asked' : `${wordsOf[found]}: ${because.join('; ')}`

const marks = { hit: 'from the cache: ', miss: 'cache: miss, ' } as const

/** Lines at the beginning of a log that may be reasons. */
const linesMax = 100

/** Reads the reasons from the beginning of a job's log. `not_found`. */
export const cacheReasons = async (
  client: Client,
  { run, job }: { readonly run: string; readonly job: string },
): Promise<CacheReasons> => {
  const { lines } = await client.call('runs.logs', { params: { run, job }, query: { limit: linesMax } })
  const first = lines.find(({ stream }) => stream === 'sluice')?.text ?? ''
  const found = first.startsWith(marks.hit) ? 'hit' : first.startsWith(marks.miss) ? 'miss' : 'unused'
  if (found === 'unused') return { found, because: [] }
  const rest = lines.findIndex(({ text, stream }) => stream !== 'sluice' || !text.startsWith(marks[found]))
  const because = lines.slice(0, rest < 0 ? lines.length : rest).map(({ text }) => text.slice(marks[found].length))
  return { found, because }
}

/** Runs that are looked through for the job. */
const runsMax = 20

const latestWith = async (client: Client, job: string): Promise<string> => {
  const { items } = await client.call('runs.list', { query: { limit: runsMax } })
  for (const { id } of items) {
    const { jobs } = await client.call('runs.show', { params: { run: id } })
    if (jobs.some(({ name }) => name === job)) return id
  }
  throw new SluiceError('not_found', {
    detail: `none of the last ${runsMax} runs has a job ${JSON.stringify(job)}`,
    hint: 'sluice runs ls',
  })
}
