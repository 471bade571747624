/** Records the golden ledger of messages, beside that of deliveries: `record-notify.ts <name>`; see `record.ts`. */
import { commitId, releaseId } from '../../../src/core/model.ts'
import type { MessageEvent } from '../../../src/core/notify/message.ts'
import type { Notice } from '../../../src/core/notify/types.ts'
import { startRecording, type Untimed } from './recorder.ts'

const recording = await startRecording()
const by = { kind: 'person', name: 'ada' } as const
let now = 1_000

const take = (id: string, untimed: Untimed<MessageEvent>): Promise<void> => {
  now += 1_000
  return recording.take({ key: { kind: 'message', id }, event: { ...untimed, at: now }, actor: by, reason: null })
}

const commit = { id: commitId('c'.repeat(40)), subject: 'feat: ein größerer Korb', author: 'Ada', committedAt: 900 }
const release = { id: releaseId(`rel_${'a'.repeat(64)}`), version: '1.4.0', commit }
const notice = (id: number): Notice => ({
  id: String(id),
  kind: 'rollout.failed',
  severity: 'high',
  at: 1_000,
  subject: { kind: 'rollout', id: 'rol_1' },
  outcome: 'failed',
  service: 'shop',
  environment: 'production',
  isProduction: true,
  title: 'worse: 1.4.0 leaves production, back to 1.3.0',
  text: 'Since 1970',
  facts: [{ name: 'share', value: '5 %' }],
  reason: 'größer \u2028 schöner',
  actor: by,
  release,
  stable: null,
  commit,
  url: 'https://sluice.example.com/rollouts/rol_1',
})
const queued = (id: string, nth: number) =>
  ({ type: 'message_queued', id, channel: 'ops', notice: notice(nth), because: 'route 1 matches' }) as const
const turn = { previous: { ts: '1' }, failures: 1, isFailing: false } as const
const failure = { code: 'unexpected', retry: 'later', detail: 'x', evidence: [] } as const

await take('msg_1', { ...queued('msg_1', 1), turn: { ...turn, previous: null, failures: 0 } })
await take('msg_1', { type: 'effect_unknown', sequence: 1, detail: 'no answer' })
await take('msg_1', { type: 'turn_given', turn })
await take('msg_1', { type: 'effect_failed', sequence: 2, failure })
await take('msg_1', { type: 'turn_given', turn })
await take('msg_1', { type: 'work_parked', detail: 'taken up 6 times without a step forward' })
await take('msg_1', { type: 'turn_given', turn })
now += 60_000
await take('msg_1', { type: 'time_passed' })
await take('msg_1', { type: 'turn_given', turn })
const late = { kind: 'later', detail: 'it answered 503', retryAfterMs: 2_000 } as const
await take('msg_1', { type: 'effect_succeeded', sequence: 5, result: late })
await take('msg_1', { type: 'turn_given', turn })
await take('msg_1', { type: 'effect_succeeded', sequence: 6, result: { kind: 'delivered', receipt: { ts: '2' } } })
await take('msg_2', { ...queued('msg_2', 2), turn: null })
await take('msg_2', { type: 'superseded', by: 'msg_3' })
await take('msg_3', { ...queued('msg_3', 3), turn })
await take('msg_3', { type: 'effect_succeeded', sequence: 1, result: { kind: 'refused', detail: 'no such channel' } })
await take('msg_3', { type: 'retry_requested', by, reason: 'the channel is there now' })
now += 90_000_000
await take('msg_3', { type: 'time_passed' })
await take('msg_3', { type: 'discard_requested', by, reason: null })
await take('msg_4', { ...queued('msg_4', 4), turn: null, isOverflow: true })
await recording.write()
