import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/core/config/parse.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { RetentionKeeper } from '../../src/engine/keepers/retention-keeper.ts'
import { Timeline } from '../sim/engine/timeline.ts'

const dayMs = 86_400_000

const keeper = (keepMs: () => Promise<number | null>) => {
  const time = new Timeline(() => {})
  time.now = 500 * dayMs
  const asked: number[] = []
  const warned: string[] = []
  const kept = new RetentionKeeper({
    clock: { now: () => time.now, after: (ms, act) => time.after(ms, act) },
    log: { info: () => {}, warn: (event) => void warned.push(event), error: () => {} },
    keepMs,
    prune: async (before) => {
      asked.push(before / dayMs)
      return { until: 1, rows: 1 }
    },
    events: { pruned: 'ledger_pruned', failed: 'ledger_not_pruned' },
  })
  return { kept, time, asked, warned }
}

test('what is older than the config says is pruned once a day, first an hour after the start; and no more once it is stopped', async () => {
  const { kept, time, asked } = keeper(async () => 400 * dayMs)
  kept.start()
  time.step()
  await kept.look()
  assert.deepEqual(asked, [100 + 1 / 24, 100 + 1 / 24])
  time.step()
  await kept.stop()
  assert.deepEqual(asked.slice(2), [101 + 1 / 24])
  assert.equal(time.step(), false)
})

test('without the key, or without a config, nothing is pruned; with one that cannot be read neither, and it is said', async () => {
  const missing = new SluiceError('config_missing', { detail: 'none' })
  for (const keepMs of [async () => null, () => Promise.reject(missing)]) {
    const { kept, asked, warned } = keeper(keepMs)
    await kept.look()
    assert.deepEqual([asked, warned], [[], []])
  }
  const { kept, asked, warned } = keeper(() => Promise.reject(new SluiceError('config_invalid', { detail: 'x' })))
  await kept.look()
  assert.deepEqual([asked, warned], [[], ['ledger_not_pruned']])
})

test('the key is a duration of at least 30 days, and absent where it is left out', () => {
  const parse = (ledger?: object) =>
    parseConfig(
      {
        service: 'shop',
        pipeline: { jobs: { build: { steps: 'true' } } },
        ...(ledger === undefined ? {} : { ledger }),
      },
      { file: 'x', text: '', distance: () => 99 },
    )
  assert.deepEqual(parse({ keep: '400d' }).ledger, { keepMs: 400 * dayMs })
  assert.ok(!('ledger' in parse()))
  assert.throws(() => parse({ keep: '29d' }), /at least 30d/)
})
