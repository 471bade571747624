/** `sluice demo`: the whole path on this machine, watched from outside. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { SluiceError } from '../../core/errors.ts'
import { type Client, createClient } from '../../http/client/client.ts'
import { evidenceOf, percentOf, spanOf } from '../../http/client/words.ts'
import { type Cli, type Command, flagOption } from '../cli.ts'
import { makeProject } from '../demo/project.ts'
import { type Ending, play } from '../demo/story.ts'
import { tellerFor } from '../demo/teller.ts'
import { tableLines } from '../render/table.ts'
import { linkTo } from './open.ts'

/** Exits 0 only if every claim was observed; 3 otherwise. */
export const demo: Command = async (cli, input) => {
  const startedAt = performance.now()
  // Not below the system's own temp folder if that is long: the gateway's socket lies in it, and the path of a socket is short.
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'))
  const directory = join(folder, 'shop')
  const isKept = flagOption(input, 'keep')
  // Heard from here on: nobody who goes away in the middle of it is left with a control plane, a gateway and instances.
  const onInterrupt = (): void => {}
  cli.interrupted.addEventListener('abort', onInterrupt)
  try {
    const ports = { staging: await freePort(), production: await freePort() }
    const project = await makeProject(directory, ports)
    const client = await startControlPlane(cli, directory)
    cli.note(
      `dashboard ${await linkTo(client, client.url)} (good once, for two minutes; then ${client.url}, with the token in ${directory}/.sluice/token)   shop http://127.0.0.1:${ports.production}   files ${folder}`,
    )
    const ending = await play({ client, project, ports, teller: tellerFor(cli), signal: cli.interrupted })
    return report(cli, ending, (performance.now() - startedAt) / 1_000)
  } catch (error) {
    if (!cli.interrupted.aborted) throw error
    if (!isKept) cli.note('\nending what the demo has started (Ctrl-C again: leave at once)')
    return 130
  } finally {
    cli.interrupted.removeEventListener('abort', onInterrupt)
    if (isKept)
      cli.note(
        `\nEverything is still up: cd ${directory}; sluice open; sluice status; sluice rollout ls; sluice down --all`,
      )
    else await cleanUp(cli, directory, folder)
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })

const serverFile = z.object({ url: z.string() })

/** A control plane of its own process, as `sluice up -d` starts it. */
const startControlPlane = async (cli: Cli, directory: string): Promise<Client> => {
  await self(cli, directory, ['up', '-d', '--port', String(await freePort())])
  const stateDir = join(directory, '.sluice')
  const { url } = serverFile.parse(JSON.parse(await readFile(join(stateDir, 'server.json'), 'utf8')))
  const token = (await readFile(join(stateDir, 'token'), 'utf8')).trim()
  return createClient({ url, token, actor: cli.actor, transport: (request) => fetch(request), timeoutMs: 30_000 })
}

const self = async ({ host }: Cli, cwd: string, words: readonly string[]): Promise<void> => {
  const [program, ...args] = host.self
  if (program === undefined)
    throw new SluiceError('unexpected', { detail: 'the program does not know how it was started' })
  const result = await execa(program, [...args, ...words, '--no-color'], { cwd, reject: false, stdin: 'ignore' })
  if (result.exitCode === 0) return
  throw new SluiceError('unexpected', {
    detail: `sluice ${words.join(' ')} ended with ${result.exitCode ?? 'a signal'}`,
    evidence: result.stderr.split('\n').slice(-15),
  })
}

/** Stops what the demo started. Failing to is said, not hidden: processes would be left. */
const cleanUp = async (cli: Cli, directory: string, folder: string): Promise<void> => {
  try {
    await self(cli, directory, ['down', '--all'])
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  } catch (error) {
    cli.note(`could not clear up ${folder}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const report = (cli: Cli, ending: Ending, seconds: number): number => {
  const { outcomes, incident, traffic, failedRequests } = ending
  const good = outcomes.filter(({ ok }) => ok).length
  const figures = [
    { name: 'demo.seconds', value: Number(seconds.toFixed(1)), unit: 's' },
    { name: 'demo.failedRequests', value: failedRequests, unit: 'requests' },
    { name: 'demo.badResponses', value: incident.badResponses, unit: 'responses' },
    { name: 'demo.cutMs', value: Math.round(incident.cutMs), unit: 'ms' },
    { name: 'demo.outcomes', value: good, unit: `of ${outcomes.length}` },
  ]
  if (cli.globals.json)
    cli.json({ command: 'demo', machine: machine(), figures, outcomes, incident, requests: traffic.requests })
  else print(cli, ending, seconds)
  return good === outcomes.length ? 0 : 3
}

const machine = (): object => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryMb: Math.round(totalmem() / 1_048_576),
  node: process.version,
  platform: process.platform,
})

const print = (cli: Cli, { outcomes, incident, traffic, failedRequests }: Ending, seconds: number): void => {
  const { style } = cli
  const rows = outcomes.map(({ name, wanted, seen, ok }) => [
    `${style.mark(ok ? 'done' : 'failed')} ${name}`,
    wanted,
    seen,
  ])
  cli.print('')
  for (const line of tableLines(['what was observed', 'wanted', 'seen'], rows, style)) cli.print(line)
  cli.print('')
  cli.print(
    `${traffic.requests} requests at p99 ${traffic.p99Ms} ms, ${failedRequests} failed; the bad release answered ${incident.candidateResponses} of them at ${percentOf(incident.shareBp)}, ${incident.badResponses} badly.`,
  )
  cli.print(
    `Time to detect ${spanOf(incident.detectMs)} (E ${evidenceOf(incident.logE)} ≥ 100), time to restore ${spanOf(incident.restoreMs)}; the whole demo ${Math.round(seconds)} s.`,
  )
  cli.print('')
  cli.print('Next, in your own project:  sluice init   then   sluice plan')
}
