import type { Client } from '../../http/client/client.ts'
import type { RunDetailView } from '../../http/client/views.ts'
import { type Cli, type Command, flagOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { isRunOver } from '../render/run.ts'
import { required } from './which.ts'

const lookMs = 300

/** `sluice runs logs`. Of the job that was named; else of the one that failed; else of all, one after the other. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const id = required(input.args[0], 'the id of a run')
    const run = await client.call('runs.show', { params: { run: id } })
    const jobs = chosenJobs(run, input.args[1])
    const read = new Map(jobs.map((job) => [job, 0]))
    for (;;) {
      const now = await client.call('runs.show', { params: { run: id } })
      for (const job of jobs)
        read.set(job, await printMore(cli, client, { run: id, job, after: read.get(job) ?? 0, named: jobs.length > 1 }))
      if (!flagOption(input, 'follow') || isRunOver(now)) return 0
      if (cli.interrupted.aborted) return 130
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
  })

const chosenJobs = (run: RunDetailView, given: string | undefined): readonly string[] => {
  if (given !== undefined) return [given]
  const failed = run.jobs.filter(({ status }) => status === 'failed').map(({ name }) => name)
  return failed.length > 0
    ? failed
    : run.jobs.filter(({ startedAt }) => startedAt !== null || !isRunOver(run)).map(({ name }) => name)
}

type Place = { readonly run: string; readonly job: string; readonly after: number; readonly named: boolean }

const printMore = async (cli: Cli, client: Client, { run, job, after, named }: Place): Promise<number> => {
  let next = after
  for (;;) {
    const page = await client.call('runs.logs', { params: { run, job }, query: { after: next } })
    for (const line of page.lines) {
      if (cli.globals.json) cli.json({ run, job, ...line })
      else
        cli.print(
          `${named ? `${cli.style.dim(job)}  ` : ''}${line.stream === 'sluice' ? cli.style.dim(line.text) : line.text}`,
        )
    }
    if (page.next === next) return next
    next = page.next
  }
}
