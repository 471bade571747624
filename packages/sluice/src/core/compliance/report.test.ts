import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyRecord, type DeliveryRecord, foldRecord, type Recorded, type RecordedRelease } from '../dora/record.ts'
import type { LedgerRow } from '../ledger/entry.ts'
import { releaseId, rolloutId } from '../model.ts'
import { complianceReport, type ComplianceReport } from './report.ts'

const rel = (name: string): Recorded['release'] => releaseId(`rel_${name.repeat(64).slice(0, 64)}`)
const person = (name: string) => ({ kind: 'person', name }) as const
const word = (name: string, row: number) => ({ by: person(name), at: 50, row, reason: null })

const delivery = (id: string, changes: Partial<Recorded> = {}): Recorded => ({
  rollout: rolloutId(`rol_${id}`),
  service: 'shop',
  environment: 'production',
  purpose: 'deploy',
  release: rel('1'),
  from: rel('0'),
  by: person('dora'),
  startedAt: 100,
  liveAt: 110,
  fullAt: 120,
  settledAt: 130,
  outcome: 'succeeded',
  shareBpMax: 10_000,
  waitedMs: 0,
  cause: null,
  hurried: [],
  approvals: [],
  approvalsWanted: 1,
  after: 'staging',
  looks: ['judge'],
  rows: [20, 29],
  commits: [{ id: 'c1', committedAt: 1, author: 'Ada' }],
  commitsFrom: 'history',
  ...changes,
})

const release: RecordedRelease = {
  id: rel('1'),
  version: '1.4.0',
  subject: 'feat: more',
  commit: { id: 'c1', committedAt: 1, author: 'Ada' },
  cutAt: 10,
  runMs: 5,
  gates: 2,
  row: 11,
}

const approval = (name: string, row: number) => ({
  ...word(name, row),
  service: 'shop',
  environment: 'production',
  release: rel('1'),
})

const report = (parts: Partial<DeliveryRecord>): ComplianceReport =>
  complianceReport(
    { ...emptyRecord, releases: [release], ...parts },
    { service: 'shop', environment: null, from: 0, to: 1_000 },
  )

const told = ({ findings }: ComplianceReport): readonly unknown[] =>
  findings.map(({ rule, severity, rows }) => [rule, severity, rows])

test('a delivery whose author, approver and deliverer are three people has no finding, and says what looked at it', () => {
  const found = report({ deliveries: [delivery('1')], approvals: [approval('Eve', 15)] })
  assert.deepEqual(told(found), [])
  assert.deepEqual([found.totals.deliveries, found.totals.withSeparation], [1, 1])
  assert.deepEqual(found.deliveries, [
    {
      rollout: 'rol_1',
      environment: 'production',
      purpose: 'deploy',
      version: '1.4.0',
      commit: 'c1',
      authors: ['Ada'],
      approvers: ['Eve'],
      approvalsWanted: 1,
      deliveredBy: 'dora',
      settledAt: 130,
      outcome: 'succeeded',
      evidence: ['2 gates of its run', 'the judge'],
      rows: [20, 29, 15],
    },
  ])
})

test('whoever approves their own work, or approves and delivers, is named with the rows; so is whoever delivers their own', () => {
  assert.deepEqual(told(report({ deliveries: [delivery('1')], approvals: [approval('ada', 15)] })), [
    ['author_approved', 'violation', [15]],
  ])
  assert.deepEqual(told(report({ deliveries: [delivery('1', { approvals: [word('Dora', 25)] })] })), [
    ['deployer_approved', 'violation', [25, 20]],
  ])
  assert.deepEqual(
    told(report({ deliveries: [delivery('1', { by: person('ADA ') })], approvals: [approval('Eve', 15)] })),
    [['author_delivered', 'notice', [20]]],
  )
})

test('approvals count people, for that release in that environment, before it was over', () => {
  const twice = delivery('1', { approvalsWanted: 2, approvals: [word('Eve', 25)] })
  assert.deepEqual(told(report({ deliveries: [twice], approvals: [approval('eve', 15)] })), [
    ['too_few_approvals', 'violation', [20, 15, 25]],
  ])
  const late = { ...approval('Eve', 15), at: 131 }
  const elsewhere = { ...approval('Eve', 15), environment: 'staging' }
  assert.deepEqual(told(report({ deliveries: [delivery('1')], approvals: [late, elsewhere] })), [
    ['too_few_approvals', 'violation', [20]],
  ])
})

test('an approval is used up by the delivery that it let in', () => {
  const again = delivery('2', { startedAt: 200, settledAt: 230 })
  const found = report({ deliveries: [delivery('1'), again], approvals: [approval('Eve', 15)] })
  assert.deepEqual(
    found.findings.map(({ rule, rollout }) => [rule, rollout]),
    [['too_few_approvals', 'rol_2']],
  )
})

test('emergencies, what was passed over, and what nothing looked at are found', () => {
  const emergency = { by: person('Eve'), at: 90, row: 19, reason: null }
  const incident = {
    id: 'inc_1',
    service: 'shop',
    environment: 'production',
    title: 'down',
    release: null,
    rollout: rolloutId('rol_2'),
    openedAt: 90,
    emergency,
    resolvedAt: null,
    row: 18,
  }
  const back = delivery('2', { purpose: 'rollback', looks: [] })
  const found = report({ deliveries: [back], incidents: [incident] })
  assert.deepEqual(told(found), [['break_glass', 'notice', [19, 20]]])
  assert.match(found.findings[0]?.detail ?? '', /emergency of Eve: down \(not resolved\)/)

  const approvals = [approval('Eve', 15)]
  assert.deepEqual(told(report({ deliveries: [delivery('1', { hurried: [word('dora', 22)] })], approvals })), [
    ['passed_over', 'notice', [22]],
  ])
  assert.deepEqual(told(report({ deliveries: [delivery('1', { looks: ['hook'] })], approvals })), [
    ['unverified', 'violation', [20, 11]],
  ])
  const staged = delivery('3', {
    environment: 'staging',
    after: null,
    approvalsWanted: 0,
    settledAt: 99,
    startedAt: 40,
  })
  assert.deepEqual(told(report({ deliveries: [staged, delivery('1', { looks: [] })], approvals })), [])
  assert.deepEqual(told(report({ deliveries: [delivery('1')], approvals, releases: [{ ...release, gates: 0 }] })), [
    ['no_gates', 'notice', [11]],
  ])
})

test('a broken glass is a notice once somebody has reviewed it, and a violation until then', () => {
  const row = (seq: number, type: string, name: string): LedgerRow => ({
    seq,
    key: { kind: 'environment', id: 'shop/production' },
    version: seq,
    type,
    form: 1,
    at: seq,
    actor: person(name),
    reason: `${name} said so`,
    body: { type, at: seq, rollout: 'rol_1' },
    previousHash: '',
    hash: '',
  })
  const record = { ...emptyRecord, releases: [release], deliveries: [delivery('1')], approvals: [approval('Eve', 15)] }
  const broken = foldRecord(record, row(17, 'glass_broken', 'dora'), {})
  assert.deepEqual(told(report(broken)), [['break_glass', 'violation', [17]]])
  const reviewed = foldRecord(broken, row(40, 'glass_reviewed', 'Eve'), {})
  assert.deepEqual(told(report(reviewed)), [['break_glass', 'notice', [17, 40]]])
  assert.match(report(reviewed).findings[0]?.detail ?? '', /dora said so; reviewed by Eve/)
})

test('what was over before or after the period, elsewhere, or only rehearsed is not in it', () => {
  const others = [
    delivery('1', { settledAt: 1_000 }),
    delivery('2', { service: 'search' }),
    delivery('3', { purpose: 'rollback' }),
  ]
  const found = report({ deliveries: others, drilled: [rolloutId('rol_3')] })
  assert.deepEqual([found.deliveries, found.findings], [[], []])
})
