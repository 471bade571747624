/** Records the golden ledger of people, tokens and sessions, beside that of deliveries: `record-identity.ts <name>`; see `record.ts`. */
import type { AggregateKey } from '../../../src/core/ledger/entry.ts'
import type { PersonEvent } from '../../../src/core/identity/person.ts'
import type { SessionEvent } from '../../../src/core/identity/session.ts'
import type { TokenEvent } from '../../../src/core/identity/token.ts'
import { startRecording, type Untimed } from './recorder.ts'

const recording = await startRecording()
const by = { kind: 'person', name: 'token' } as const
let now = 1_000

const take = (
  key: AggregateKey,
  untimed: Untimed<PersonEvent> | Untimed<TokenEvent> | Untimed<SessionEvent>,
): Promise<void> => {
  now += 1_000
  return recording.take({ key, event: { ...untimed, at: now }, actor: by, reason: null })
}

const ada: AggregateKey = { kind: 'person', id: 'ada' }
const grace: AggregateKey = { kind: 'person', id: 'grace@example.com' }
const oidc = { kind: 'oidc', issuer: 'https://id.example.com', subject: '4711' } as const
await take(ada, { type: 'person_added', by, name: 'ada', source: { kind: 'local' } })
await take(ada, { type: 'password_set', by })
await take(ada, { type: 'role_granted', by, grant: { role: 'admin', environments: null } })
await take(ada, { type: 'role_granted', by, grant: { role: 'deployer', environments: ['staging'], service: 'shop' } })
await take(ada, { type: 'role_revoked', by, role: 'admin' })
await take(grace, { type: 'person_added', by, name: 'grace@example.com', source: oidc })
await take(grace, { type: 'groups_changed', groups: ['sre', 'größer \u2028 schöner'] })
const session: AggregateKey = { kind: 'session', id: 'ses_1' }
const about = { id: session.id, name: 'ada', method: 'password', carrier: 'cookie', expiresAt: 86_400_000 } as const
await take(session, { type: 'signed_in', subject: about })
await take(session, { type: 'session_seen' })
await take(session, { type: 'signed_out', by })
for (const kind of ['pat', 'svc', 'wif'] as const) {
  const key: AggregateKey = { kind: 'token', id: `tok_${kind}` }
  const scope = [{ role: 'deployer', environments: ['staging'] }] as const
  const workload = { rule: 'ci', issuer: 'https://id.example.com', subject: 'shop', startedBy: 'ada' }
  const owner = kind === 'pat' ? 'ada' : null
  const subject = { id: key.id, kind, label: kind, owner, scope, expiresAt: 9_000_000 }
  await take(key, { type: 'token_issued', by, subject: kind === 'wif' ? { ...subject, workload } : subject })
  await take(key, { type: 'token_used' })
  if (kind !== 'wif') await take(key, { type: 'token_revoked', by })
}
await take(ada, { type: 'person_removed', by })
await recording.write()
