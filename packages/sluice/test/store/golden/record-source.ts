/** Records the golden ledger of arrivals and the remote, beside that of deliveries: `record-source.ts <name>`; see `record.ts`. */
import type { AggregateKey } from '../../../src/core/ledger/entry.ts'
import { commitId, runId } from '../../../src/core/model.ts'
import { type RemoteEvent, remoteKey } from '../../../src/core/source/remote.ts'
import { type ArrivalEvent, type ArrivalHint, arrivalOf } from '../../../src/core/source/types.ts'
import { machines } from '../../../src/engine/machines.ts'
import { sha256, startRecording, type Untimed } from './recorder.ts'

const recording = await startRecording()
const by = { kind: 'system', name: 'github' } as const
let now = 1_000

const take = (key: AggregateKey, untimed: Untimed<ArrivalEvent> | Untimed<RemoteEvent>): Promise<void> => {
  const nextAt = machines[key.kind].nextAt(recording.stateOf(key))
  now = Math.max(now + 1_000, nextAt ?? 0)
  const at = untimed.type === 'time_passed' ? now : Math.min(now, nextAt ?? now)
  return recording.take({ key, event: { ...untimed, at }, actor: by, reason: null })
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

const sequenceOf = (key: AggregateKey): number => machines.arrival.outstanding(recording.stateOf(key))[0]?.sequence ?? 0

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
await recording.write()
