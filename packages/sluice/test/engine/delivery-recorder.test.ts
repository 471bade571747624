/** The record of deliveries, folded from the golden ledger: every kind of rollout that there is, as it really went. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { foldDelivery } from '../../src/core/dora/delivery.ts'
import { emptyRecord, type DeliveryRecord } from '../../src/core/dora/record.ts'
import { parseEntryText, type LedgerRow } from '../../src/core/ledger/entry.ts'
import { parseExportLine } from '../../src/core/ledger/export.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { commitId, type Commit } from '../../src/core/model.ts'
import { DeliveryRecorder, type DeliveryRecorderParts } from '../../src/engine/reading/delivery-recorder.ts'

const rows: readonly LedgerRow[] = readFileSync(join(import.meta.dirname, '../store/golden/0.1.0.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .flatMap((text) => {
    const line = parseExportLine(text)
    const entry = line?.kind === 'row' ? parseEntryText(line.line.text) : null
    return line?.kind !== 'row' || entry === null
      ? []
      : [{ ...entry, previousHash: line.line.previousHash, hash: line.line.hash }]
  })

const settled = rows.flatMap(({ key, type, body }) =>
  key.kind === 'environment' && type === 'rollout_settled'
    ? [body as { rollout: string; outcome: string; to: string }]
    : [],
)
const rowsOf = (id: string): readonly LedgerRow[] => rows.filter(({ key }) => key.kind === 'rollout' && key.id === id)

/** A ledger of the first so many golden rows, which counts what is read of it. */
const world = (length: number, kept: string | null = null) => {
  const seen = rows.slice(0, length)
  const state = { rowsRead: 0, kept }
  const parts: DeliveryRecorderParts = {
    store: {
      anchor: async () => ({ seq: length, hash: seen.at(-1)?.hash ?? '' }),
      ledger: async ({ after, limit, key }) => {
        const found = seen.filter(
          (row) => row.seq > after && (key === undefined || (row.key.kind === key.kind && row.key.id === key.id)),
        )
        return found.slice(0, limit)
      },
      rowsOf: async ({ after, until, kinds }) => {
        const found = seen.slice(after, until).filter(({ key }) => kinds.includes(key.kind))
        state.rowsRead += found.length
        return found
      },
    },
    reading: {
      release: async (id) => {
        const cut = seen.find(({ key, type }) => key.id === id && type === 'release_cut')
        if (cut === undefined) throw new SluiceError('not_found', { detail: `no ${id}` })
        return (cut.body as { release: never }).release
      },
      run: () => Promise.reject(new SluiceError('not_found', { detail: 'gone' })),
    },
    source: { commitsBetween: async () => Promise.reject(new SluiceError('tool_missing', { detail: 'no git' })) },
    projections: { read: async () => state.kept, keep: async (_name, text) => void (state.kept = text) },
    clock: {
      now: () => 0,
      after: (_ms, act) => {
        queueMicrotask(act)
        return () => {}
      },
    },
    log: { error: () => {}, warn: () => {}, info: () => {} },
  }
  return { state, recorder: new DeliveryRecorder(parts), parts }
}

const never = new AbortController().signal

test('each rollout of the golden ledger that is over is a delivery, with the outcome that it had', () => {
  const states = readFileSync(join(import.meta.dirname, '../store/golden/0.1.0.states.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text))
    .filter(({ kind, state }) => kind === 'rollout' && 'settledAt' in state)
  assert.ok(states.length > 20)
  for (const { id, state } of states) {
    const delivery = foldDelivery(rowsOf(id))
    assert.ok(delivery, id)
    assert.deepEqual(
      [delivery.outcome, delivery.release, delivery.settledAt],
      [state.status, state.plan.to, state.settledAt],
    )
    assert.ok(delivery.liveAt !== null || delivery.shareBpMax === 0, id)
    assert.ok(delivery.outcome !== 'succeeded' || delivery.fullAt !== null, id)
    const times = [delivery.startedAt, delivery.liveAt, delivery.fullAt, delivery.settledAt].filter((at) => at !== null)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
      id,
    )
    assert.ok(delivery.waitedMs <= delivery.settledAt - delivery.startedAt, id)
  }
})

test('a rollout that is not over, and rows that are no story, are no delivery', () => {
  const [first] = settled
  const own = rowsOf(first?.rollout ?? '')
  assert.equal(foldDelivery(own.slice(0, -1)), null)
  assert.equal(foldDelivery(own.slice(1)), null)
  assert.equal(foldDelivery([]), null)
})

test('the record folded in parts, with restarts between them, is the record folded at once; no row is read twice', async () => {
  const { recorder, state } = world(rows.length)
  const whole = await recorder.record(never)
  assert.equal(whole.deliveries.length, settled.length)
  assert.equal(whole.seq, rows.length)
  assert.deepEqual(await recorder.record(never), whole)
  const readOnce = state.rowsRead
  let kept: string | null = null
  let record: DeliveryRecord = emptyRecord
  let read = 0
  for (const length of [700, 1_500, 1_501, rows.length]) {
    const part = world(length, kept)
    record = await part.recorder.record(never)
    read += part.state.rowsRead
    kept = JSON.stringify(record)
  }
  assert.deepEqual(record, whole)
  assert.equal(read, readOnce)
})

test('what was kept of another ledger, or in another form, is folded anew', async () => {
  const whole = await world(rows.length).recorder.record(never)
  for (const kept of ['{', 'null', JSON.stringify({ ...whole, hash: 'other' }), JSON.stringify({ ...whole, form: 0 })])
    assert.deepEqual(await world(rows.length, kept).recorder.record(never), whole)
})

test('a record is kept once enough rows were folded, and read at the next start', async () => {
  const { recorder, state } = world(rows.length)
  await recorder.record(never)
  assert.ok(state.kept !== null)
  const next = world(rows.length, state.kept)
  await next.recorder.record(never)
  assert.equal(next.state.rowsRead, 0)
})

test('the commits of a delivery are those since what served, without merges; the release’s own where history cannot say', async () => {
  const { parts } = world(rows.length)
  const commit = (digit: string, subject: string): Commit => ({
    id: commitId(digit.repeat(40)),
    subject,
    author: 'Ada',
    committedAt: 5,
  })
  const source = {
    commitsBetween: async () => [commit('a', 'feat: one'), commit('b', "Merge branch 'x'"), commit('c', 'fix: two')],
  }
  // Each release of a commit of its own.
  const release = async (id: string) =>
    ({ content: { commit: { ...commit('0', 'feat: x'), id: commitId(id.slice(4, 44)) } } }) as never
  const reading = { ...parts.reading, release }
  const { deliveries } = await new DeliveryRecorder({ ...parts, reading, source }).record(never)
  const told = deliveries.filter(({ commitsFrom }) => commitsFrom === 'history')
  assert.ok(told.length > 0)
  for (const { commits } of told)
    assert.deepEqual(
      commits.map(({ id }) => id[0]),
      ['a', 'c'],
    )
  const alone = (await world(rows.length).recorder.record(never)).deliveries
  for (const { commits, commitsFrom } of alone) assert.deepEqual([commits.length <= 1, commitsFrom], [true, 'release'])
})
