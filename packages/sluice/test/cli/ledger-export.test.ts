/** An export that is slow to be taken, or is called off. */
import { deepStrictEqual, rejects } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { createClient } from '../../src/http/client/client.ts'
import type { Cli } from '../../src/cli/cli.ts'
import { command } from '../../src/cli/commands/ledger-export.ts'

let projectDir = ''
before(async () => {
  projectDir = await mkdtemp(join(tmpdir(), 'sluice-export-'))
  await writeFile(join(projectDir, 'sluice.config.json'), '{}')
})
after(() => rm(projectDir, { recursive: true, force: true }))

type Pieces = (signal: AbortSignal) => AsyncGenerator<string>

/** What the command needs of its surroundings; everything that happens, in order. */
const surroundings = (pieces: Pieces, interrupted: AbortSignal) => {
  const seen: string[] = []
  const exportLedger = (_query: object, signal: AbortSignal) => pieces(signal)
  const cli = {
    globals: { json: false, server: null, environment: null, projectDir, stateDir: join(projectDir, '.sluice') },
    variables: {},
    stdout: {
      write: (text: string) => seen.push(text),
      flushed: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        seen.push('taken')
      },
    },
    host: {
      openInProcess: async () => ({ client: { exportLedger }, close: async () => seen.push('closed') }),
    },
    interrupted,
  } as unknown as Cli
  return { cli, seen }
}

const typed = { args: [], rest: [], options: {} }

test('no more of the ledger is read than its reader takes', async () => {
  const { cli, seen } = surroundings(async function* two() {
    yield 'one'
    seen.push('asked for more')
    yield 'two'
  }, new AbortController().signal)
  deepStrictEqual(await command(cli, typed), 0)
  deepStrictEqual(seen, ['one', 'taken', 'asked for more', 'two', 'taken', 'closed'])
})

test('an export that was called off says so, whether it ended or failed by that; any other failure is one', async () => {
  for (const ends of ['ends', 'fails']) {
    const ctrlC = new AbortController()
    const { cli } = surroundings(async function* cut() {
      yield 'one'
      ctrlC.abort()
      if (ends === 'fails') throw new Error('aborted')
    }, ctrlC.signal)
    deepStrictEqual(await command(cli, typed), 130)
  }
  const { cli } = surroundings(async function* broken() {
    yield 'one'
    throw new Error('broken')
  }, new AbortController().signal)
  await rejects(command(cli, typed), /broken/)
})

test('a control plane that goes away in the middle of an export is said to have, and is no mistake of the program', async () => {
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"seq":1}\n')),
    pull: () => Promise.reject(new TypeError('terminated')),
  })
  const client = createClient({
    url: 'http://127.0.0.1:1',
    token: null,
    actor: 'ada',
    timeoutMs: 1_000,
    transport: async () => new Response(broken),
  })
  const pieces: string[] = []
  const read = async (): Promise<void> => {
    for await (const piece of client.exportLedger({}, new AbortController().signal)) pieces.push(piece)
  }
  await rejects(read(), (error) => error instanceof SluiceError && error.code === 'server_unreachable')
  deepStrictEqual(pieces, ['{"seq":1}\n'])
})
