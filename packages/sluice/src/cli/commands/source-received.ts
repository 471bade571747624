/** What the hook of a bare repository calls. A push is on disk before anybody is told of it, and none is refused or held up for long by it. */
import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { limits } from '../../core/limits.ts'
import { isRef } from '../../core/source/ref-name.ts'
import type { Client } from '../../http/client/client.ts'
import type { ArrivalView } from '../../http/client/source-views.ts'
import type { Cli, Command } from '../cli.ts'
import { runningServer, withClient } from '../connect.ts'
import { arrivalOutcome } from '../render/arrival.ts'

/** How long whoever pushes waits to be told which run it is, milliseconds, and how often that is asked. */
const patienceMs = 15_000
const everyMs = 150

type PushedRef = { readonly ref: string; readonly before: string | null; readonly after: string | null }
type Push = {
  readonly id: string
  readonly body: { readonly refs: readonly PushedRef[]; readonly pusher: string | null }
}

/** `sluice source received`. Its exit code says nothing about the push, which has been taken. */
export const command: Command = async (cli) => {
  const pushes = pushesOf(refsIn(await text(process.stdin)), pusherOf(cli))
  for (const push of pushes) await cli.host.spoolPush(cli.globals.stateDir, push)
  if (pushes.length === 0) return 0
  if (runningServer(cli.globals.stateDir) === null) return kept(cli, 'no control plane runs here')
  try {
    for (const push of pushes) await tell(cli, push)
    return 0
  } catch (error) {
    return kept(cli, error instanceof Error ? error.message : String(error))
  }
}

const kept = (cli: Cli, because: string): number => {
  cli.print(`sluice: ${because}; the push is kept, and taken up by the next one that starts (sluice up -d)`)
  return 0
}

const zeros = /^0+$/

/** `<old> <new> <ref>`, as git has it for `post-receive`. */
const refsIn = (lines: string): readonly PushedRef[] =>
  lines.split('\n').flatMap((line) => {
    const [before = '', after = '', ref = ''] = line.split(' ')
    if (!isRef(ref)) return []
    return [{ ref, before: zeros.test(before) ? null : before, after: zeros.test(after) ? null : after }]
  })

/** As many as one push may tell of. */
const pushesOf = (refs: readonly PushedRef[], pusher: string | null): readonly Push[] => {
  const name = `psh_${Date.now().toString(36)}${randomBytes(8).toString('hex')}`
  const parts = Array.from({ length: Math.ceil(refs.length / limits.refsOfPushMax) }, (_, part) =>
    refs.slice(part * limits.refsOfPushMax, (part + 1) * limits.refsOfPushMax),
  )
  return parts.map((some, part) => ({ id: `${name}${part.toString(36)}`, body: { refs: some, pusher } }))
}

const pusherOf = ({ variables }: Cli): string | null =>
  variables['SLUICE_ACTOR'] ?? variables['USER'] ?? variables['LOGNAME'] ?? null

const tell = (cli: Cli, { id, body }: Push): Promise<void> => {
  // The one of this state, whatever else the environment of whoever pushes names.
  const own: Cli = { ...cli, globals: { ...cli.globals, server: null }, variables: withoutServer(cli.variables) }
  return withClient(own, 'read', async (client) => {
    const { arrivals } = await client.call('arrivals.receive', { body: { id, ...body }, idempotencyKey: id })
    await cli.host.unspoolPush(cli.globals.stateDir, id)
    const until = Date.now() + patienceMs
    for (const arrival of arrivals) say(cli, client, await settled(client, arrival, until))
  })
}

const withoutServer = ({ SLUICE_SERVER: _server, ...rest }: Cli['variables']): Cli['variables'] => rest

const settled = async (client: Client, arrival: string, until: number): Promise<ArrivalView> => {
  for (;;) {
    const view = await client.call('arrivals.show', { params: { arrival } })
    const isUnderway = view.status === 'received' || view.status === 'fetched'
    if (!isUnderway || Date.now() >= until) return view
    await pause(everyMs)
  }
}

const say = (cli: Cli, client: Client, arrival: ArrivalView): void => {
  const { id, ref, runs, status } = arrival
  for (const { run, pipeline } of runs)
    cli.print(
      `sluice: run ${run} started for ${ref}${pipeline === null ? '' : ` (${pipeline})`}   ${client.url}/runs/${run}`,
    )
  if (runs.length > 0) return
  if (status === 'ignored') cli.print(`sluice: ${ref} starts nothing: ${arrivalOutcome(arrival)}`)
  else if (status === 'failed')
    cli.print(`sluice: ${ref} failed: ${arrivalOutcome(arrival)}   sluice source redeliver ${id}`)
  else cli.print(`sluice: ${ref} is on its way   sluice source show ${id}`)
}
