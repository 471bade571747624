/** What is watched: told row by row, or painted in place. */
import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { Cli, Output } from '../../src/cli/cli.ts'
import { createLive } from '../../src/cli/render/live.ts'
import { createStyle } from '../../src/cli/render/style.ts'
import { watchRollout } from '../../src/cli/watch.ts'
import { limits } from '../../src/core/limits.ts'
import type { Client } from '../../src/http/client/client.ts'

test('every row is told, also those that were written when it was over and had not come through the stream', async () => {
  const rows = Array.from({ length: limits.pageItemsMax + 2 }, (_, index) => ({ seq: index + 1 }))
  const steps = { settledAt: 9, steps: [], wayBack: [], paused: null, cause: null, stage: null }
  const rollout = { id: 'rol_1', status: 'succeeded', from: null, to: { version: '1.0.0' }, ...steps }
  const client = {
    call: async (id: string, { query }: { readonly query: { readonly after: number; readonly limit: number } }) => {
      if (id === 'rollouts.show') return rollout
      const page = rows.filter(({ seq }) => seq > query.after).slice(0, query.limit)
      return { rows: page, next: page.length < query.limit ? null : page.at(-1)?.seq }
    },
    // A stream that has told of one row by the time that it is cut.
    events: async function* events(_query: unknown, signal: AbortSignal) {
      yield { id: 1, event: 'ledger_row', data: JSON.stringify(rows[0]) }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  } as unknown as Client
  const cli = {
    globals: { quiet: true },
    variables: {},
    stderr: { isTTY: false },
    noteStyle: createStyle({ color: false, unicode: false }),
    note: () => {},
    interrupted: new AbortController().signal,
  } as unknown as Cli
  const told: string[] = []
  const { ended } = await watchRollout(
    cli,
    { client, id: 'rol_1' },
    { timeoutMs: null, onRow: (row) => told.push(row) },
  )
  deepStrictEqual([ended, told], ['over', rows.map((row) => JSON.stringify(row))])
})

/** A terminal that breaks its lines anew when it is made narrower or wider, as most do; the cursor is below the last line. */
const reflowing = (
  columns: number,
): { readonly output: Output; readonly resize: (columns: number) => void; readonly lines: () => readonly string[] } => {
  let width = columns
  let kept: readonly string[] = []
  const rowsOf = (line: string): number => Math.max(1, Math.ceil(line.length / width))
  /** Goes up so many rows and erases from there. */
  const eraseUp = (count: number): void => {
    let left = count
    while (left > 0 && kept.length > 0) {
      const last = kept.at(-1) ?? ''
      const rows = rowsOf(last)
      kept = rows <= left ? kept.slice(0, -1) : [...kept.slice(0, -1), last.slice(0, (rows - left) * width)]
      left -= Math.min(rows, left)
    }
  }
  const write = (text: string): void => {
    // Of what is written here: the cursor hidden and shown, so many rows up, and all below erased.
    for (const part of text.replaceAll('\r', '').split('\u001B[')) {
      const [, up, rest = part] = /^(?:(\d+)A|\?25[lh]|0J)(.*)$/s.exec(part) ?? []
      if (up !== undefined) eraseUp(Number(up))
      if (rest !== '') kept = [...kept, ...rest.replace(/\n$/, '').split('\n')]
    }
  }
  return {
    output: {
      write,
      flushed: async () => {},
      isTTY: true,
      rows: 24,
      get columns() {
        return width
      },
    },
    resize: (next) => {
      width = next
    },
    lines: () => kept,
  }
}

test('a terminal that was made narrower keeps nothing of what was painted before, and everything above it', () => {
  const { output, resize, lines } = reflowing(60)
  let now = 0
  const live = createLive(output, () => (now += 1_000))
  output.write('sluice status --watch\n')
  live.paint(['staging      1.4.0 serves since an hour ago', 'production   1.3.2 serves since two days ago'])
  resize(30)
  live.paint(['staging 1.4.0', 'production 1.4.0'])
  deepStrictEqual(lines(), ['sluice status --watch', 'staging 1.4.0', 'production 1.4.0'])
  resize(25)
  live.paint(['x'.repeat(80)])
  deepStrictEqual(lines(), ['sluice status --watch', 'x'.repeat(24)])
  resize(10)
  live.leave(['the end'])
  deepStrictEqual(lines().slice(0, 2), ['sluice status --watch', 'the end'])
})
