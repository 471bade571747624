/** A rollout that is watched row by row. */
import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { Cli } from '../../src/cli/cli.ts'
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
