/** The second half of deploy, promote, rollback, retry and run: waiting, or not, and the report at the end. */
import { randomUUID } from 'node:crypto'
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import { type Cli, type Input, textOption } from '../cli.ts'
import { rolloutReport } from '../render/rollout.ts'
import { runEvidenceLines } from '../render/evidence.ts'
import { isRunOver, runReport } from '../render/run.ts'
import { parseSpan } from '../render/times.ts'
import { nowOf } from '../told.ts'
import { evidenceOf } from './evidence-of.ts'
import { watchRollout, watchRun, type Watched } from '../watch.ts'

/** A key by which a repetition of this very request is known. */
export const freshKey = (): string => randomUUID()

/** How long to wait; null for as long as it takes. `usage_invalid` for a span that is none. */
export const timeoutOf = (input: Input): number | null => {
  const text = textOption(input, 'timeout')
  return text === null ? null : spanOption('--timeout', text)
}

/** Parser of a span that was typed. `usage_invalid`. */
export const spanOption = (name: string, text: string): number => {
  const ms = parseSpan(text)
  if (ms !== null) return ms
  throw new SluiceError('usage_invalid', {
    detail: `${name} ${text} is no span of time`,
    hint: `write ${name} 90s, 15m, 2h or 3d`,
  })
}

type Subject = { readonly client: Client; readonly id: string; readonly timeoutMs: number | null }

/** Waits for a rollout and reports. 0 when it ended as `wanted`, 3 when it did not, 6 when the time was up, 130 after Ctrl-C. */
export const followRollout = async (
  cli: Cli,
  { client, id, timeoutMs, wanted = 'succeeded' }: Subject & { readonly wanted?: 'succeeded' | 'rolled_back' },
): Promise<number> => {
  const watched = await watchRollout(cli, { client, id }, { timeoutMs })
  const { state } = watched
  if (watched.ended !== 'over' || state === null)
    return leave(cli, watched, { id, watch: `rollout watch ${id}`, stop: `rollout abort ${id}` })
  const now = await nowOf(client, state.environment)
  if (cli.globals.json) cli.json({ rollout: state, now })
  else for (const line of rolloutReport(state, now, cli.style)) cli.print(line)
  return state.status === wanted ? 0 : 3
}

/**
 * Waits for a run and reports. `isHere`: it runs in this process and cannot go on without it, so that Ctrl-C calls it off and a timeout is one of the run
 * itself.
 */
export const followRun = async (
  cli: Cli,
  { client, id, timeoutMs, isHere }: Subject & { readonly isHere: boolean },
): Promise<number> => {
  const watched = await watchRun(cli, { client, id }, { timeoutMs, endsWhenStuck: isHere })
  const { state } = watched
  if (watched.ended !== 'over' && isHere) return callOff(cli, { client, id, ended: watched.ended })
  if (watched.ended !== 'over' || state === null)
    return leave(cli, watched, { id, watch: `runs logs ${id} --follow`, stop: `runs cancel ${id}` })
  const evidence = await evidenceOf(cli, client, id)
  if (cli.globals.json) cli.json({ run: state, evidence })
  else {
    const next = state.release === null ? null : await nextOf(client)
    const lines = runEvidenceLines(evidence, state, cli.style)
    for (const line of [...lines, ...runReport(state, next, cli.style)]) cli.print(line)
  }
  return state.status === 'succeeded' ? 0 : 3
}

/** Says what goes on without this command, and how to see or stop it. */
const leave = (
  cli: Cli,
  { ended }: Watched<unknown>,
  { id, watch, stop }: { readonly id: string; readonly watch: string; readonly stop: string },
): number => {
  if (ended === 'late') {
    throw new SluiceError('wait_timeout', {
      detail: `${id} is not over yet; it goes on`,
      hint: `sluice ${watch}   or   sluice ${stop}`,
    })
  }
  cli.stderr.write(`\nDetached: ${id} goes on.\n  see it   sluice ${watch}\n  stop it  sluice ${stop}\n`)
  return 130
}

/** Calls off a run of this process and waits until nothing of it is left. */
const callOff = async (
  cli: Cli,
  {
    client,
    id,
    ended,
  }: { readonly client: Client; readonly id: string; readonly ended: 'detached' | 'late' | 'stuck' },
): Promise<number> => {
  const { note, reason, code } = farewells[ended]
  cli.note(note(id))
  const asked = { params: { run: id }, body: { reason }, idempotencyKey: freshKey() }
  await client.call('runs.cancel', asked).catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error.code !== 'command_conflict') throw error
  })
  for (;;) {
    const run = await client.call('runs.show', { params: { run: id } })
    if (isRunOver(run)) {
      if (cli.globals.json) cli.json({ run })
      else for (const line of runReport(run, null, cli.style)) cli.print(line)
      return ended === 'stuck' && run.status === 'failed' ? 3 : code
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const leaving = (id: string): string =>
  `\ncalling ${id} off, because it runs in this process (Ctrl-C again: leave at once)`

const farewells = {
  late: { note: leaving, reason: 'the time was up', code: 6 },
  detached: { note: leaving, reason: 'Ctrl-C', code: 130 },
  stuck: {
    note: (id: string): string =>
      `\n${id} waits for somebody to start a job, which nobody can in a run of this process: it ends here. Start them at once (--play <job>, for GitLab), or keep a control plane (sluice up -d)`,
    reason: 'it waited for somebody to start a job, and nobody could',
    code: 5,
  },
} as const

/** What comes after a release was cut: its way into the first environment. */
const nextOf = async (client: Client): Promise<string | null> => {
  const { environments } = await client.call('environments.list', {})
  const [first] = environments
  return first === undefined ? null : `sluice deploy ${first.name}`
}
