/** Records the golden ledger of arrivals and the remote, beside that of deliveries: `record-source.ts <name>`; see `record.ts`. */
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportLedger } from '../../../src/adapters/store/export.ts'
import { createMemoryDisk } from '../../../src/adapters/store/memory.ts'
import type { AggregateKey } from '../../../src/core/ledger/entry.ts'
import { commitId, runId } from '../../../src/core/model.ts'
import { type RemoteEvent, remoteKey } from '../../../src/core/source/remote.ts'
import { type ArrivalEvent, type ArrivalHint, arrivalOf } from '../../../src/core/source/types.ts'
import { machines } from '../../../src/engine/machines.ts'
import { keyText, planTransaction, unwritten, type Held } from '../../../src/engine/transaction.ts'

type Untimed<Event> = Event extends { readonly at: number } ? Omit<Event, 'at'> : never

const [name] = process.argv.slice(2)
if (name === undefined) throw new Error('usage: record-source.ts <name>')
const sha256 = (text: string): string => hash('sha256', text)
const store = createMemoryDisk(sha256).open()
const lease = await store.acquireLease('record', 0)
const held = new Map<string, Held>()
const by = { kind: 'system', name: 'github' } as const
let now = 1_000

const stateOf = (key: AggregateKey): unknown => (held.get(keyText(key)) ?? unwritten(key)).state

const take = async (key: AggregateKey, untimed: Untimed<ArrivalEvent> | Untimed<RemoteEvent>): Promise<void> => {
  now = Math.max(now + 1_000, machines[key.kind].nextAt(stateOf(key)) ?? 0)
  const at = untimed.type === 'time_passed' ? now : Math.min(now, machines[key.kind].nextAt(stateOf(key)) ?? now)
  const event = { ...untimed, at }
  const plan = planTransaction(
    [{ key, event, actor: by, reason: null }],
    (one) => held.get(keyText(one)) ?? unwritten(one),
  )
  if (plan.transitions.length === 0) throw new Error(`${event.type} changes nothing`)
  await store.commit({ lease, transitions: plan.transitions, request: null })
  for (const one of plan.held) held.set(keyText(one.key), one)
}

const objectOf = (fill: string): string => fill.repeat(40)

const arrive = async (ref: string, from: ArrivalHint['from'], because: string | null): Promise<AggregateKey> => {
  const event = ref.startsWith('refs/tags/') ? 'tag' : ref.startsWith('refs/pull/') ? 'pull_request' : 'push'
  const pullRequest = event === 'pull_request' ? { number: 7, action: 'opened', base: 'main', head: 'work' } : null
  const told = { before: null, after: objectOf('a'), delivery: 'd-1', sender: 'größer', url: null, title: 'feat: one' }
  const id = arrivalOf(from, `${now}`, { ref, sha256 })
  const key: AggregateKey = { kind: 'arrival', id }
  const payload = from === 'github' ? { ref, sender: { login: 'größer' } } : null
  const hint = { id, from, event, ref, ...told, pullRequest, payload } as const
  await take(key, { type: 'arrival_received', hint, because })
  return key
}

const sequenceOf = (key: AggregateKey): number => machines.arrival.outstanding(stateOf(key))[0]?.sequence ?? 0

const fetched = (key: AggregateKey, fill: string | null): Promise<void> =>
  take(key, {
    type: 'effect_succeeded',
    sequence: sequenceOf(key),
    result:
      fill === null
        ? { kind: 'fetched', object: null, commit: null }
        : { kind: 'fetched', object: objectOf(fill), commit: commitId(objectOf(fill)) },
  })

const started = (key: AggregateKey): Promise<void> =>
  take(key, {
    type: 'effect_succeeded',
    sequence: sequenceOf(key),
    result: { kind: 'started', runs: [{ run: runId('run_1'), pipeline: null }] },
  })

const failure = { code: 'remote_unreachable', retry: 'later', detail: 'no route', evidence: [] } as const

await take(remoteKey, {
  type: 'remote_looked',
  address: '/srv/git/shop.git',
  refs: { 'refs/heads/main': objectOf('0') },
})
const pushed = await arrive('refs/heads/main', 'github', null)
await take(pushed, { type: 'effect_failed', sequence: sequenceOf(pushed), failure })
await take(pushed, { type: 'time_passed' })
await take(pushed, { type: 'effect_unknown', sequence: sequenceOf(pushed), detail: 'no answer' })
await take(pushed, { type: 'time_passed' })
await fetched(pushed, 'a')
await started(pushed)
await take(pushed, { type: 'redeliver_requested', by })
await take(pushed, { type: 'work_parked', detail: 'five claims' })
await fetched(await arrive('refs/heads/old', 'gitlab', null), null)
await arrive('refs/pull/7/head', 'github', 'it is from a fork')
const tagged = await arrive('refs/tags/v1', 'poll', null)
await fetched(tagged, 'b')
await take(tagged, {
  type: 'effect_succeeded',
  sequence: sequenceOf(tagged),
  result: { kind: 'ignored', because: 'nothing starts' },
})
await take(remoteKey, { type: 'ref_seen', ref: 'refs/heads/main', object: null, arrival: null })
const states = [...held.values()].map(({ key, version, state }) =>
  JSON.stringify({ ...key, version, machineVersion: machines[key.kind].version, state }),
)
const write = (file: string, lines: readonly string[]): void =>
  writeFileSync(join(import.meta.dirname, `${file}.jsonl`), `${lines.join('\n')}\n`)
write(name, await Array.fromAsync(exportLedger(store)))
write(`${name}.states`, states)
