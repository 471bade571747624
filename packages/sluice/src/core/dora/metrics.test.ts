/** The metrics of deliveries that were worked out by hand. Times are hours after the first of January 2026 (a Thursday), UTC. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { releaseId, rolloutId } from '../model.ts'
import { judgeDeliveries } from './failures.ts'
import { doraDefaults, type DoraSettings } from './settings.ts'
import { doraReport, type DoraReport } from './metrics.ts'
import {
  emptyRecord,
  type DeliveryRecord,
  type Recorded,
  type RecordedIncident,
  type RecordedRelease,
} from './record.ts'

const hourMs = 3_600_000
const start = Date.UTC(2026, 0, 1)
const at = (hour: number): number => start + hour * hourMs
const rel = (name: string): Recorded['release'] => releaseId(`rel_${name.repeat(64).slice(0, 64)}`)
const ada = { kind: 'person', name: 'ada' } as const
const sluice = { kind: 'system', name: 'sluice' } as const

/** A delivery that went well in an hour: an hour's tenth until live, then half until full. */
const delivery = (id: string, hour: number, changes: Partial<Recorded> = {}): Recorded => ({
  rollout: rolloutId(`rol_${id}`),
  service: 'shop',
  environment: 'production',
  purpose: 'deploy',
  release: rel(id.slice(-1)),
  from: rel('0'),
  by: ada,
  startedAt: at(hour - 1),
  liveAt: at(hour - 0.9),
  fullAt: at(hour - 0.5),
  settledAt: at(hour),
  outcome: 'succeeded',
  shareBpMax: 10_000,
  waitedMs: 0,
  cause: null,
  hurried: [],
  approvals: [],
  approvalsWanted: 0,
  after: null,
  looks: ['judge'],
  rows: [1, 9],
  commits: [],
  commitsFrom: 'history',
  ...changes,
})

const commit = (id: string, hour: number) => ({ id, committedAt: at(hour), author: 'ada' })

const release = (name: string, changes: Partial<RecordedRelease> = {}): RecordedRelease => ({
  id: rel(name),
  version: `1.0.${name}`,
  subject: 'feat: more',
  commit: commit(`c${name}`, 0),
  cutAt: at(0),
  runMs: 0.25 * hourMs,
  gates: 1,
  row: 3,
  ...changes,
})

const incident = (id: string, hour: number, changes: Partial<RecordedIncident> = {}): RecordedIncident => ({
  id,
  service: 'shop',
  environment: 'production',
  title: 'checkout is down',
  release: null,
  rollout: null,
  openedAt: at(hour),
  emergency: null,
  resolvedAt: null,
  row: 50,
  ...changes,
})

const recordOf = (parts: Partial<DeliveryRecord>): DeliveryRecord => ({ ...emptyRecord, ...parts })
const asked = { service: 'shop', environment: 'production', from: at(0), to: at(24 * 91), now: at(24 * 91) }
const report = (parts: Partial<DeliveryRecord>, changes: Partial<typeof asked> = {}): DoraReport =>
  doraReport(recordOf(parts), { ...asked, ...changes })

test('lead time is from each commit to all users, each commit once, and without those of later than that', () => {
  const { leadTime } = report({
    releases: [release('1', { commit: commit('a', 1) }), release('2', { commit: commit('d', 30) })],
    deliveries: [
      // All users at hour 9.5: 8.5, 6.5 and 4.5 hours.
      delivery('1', 10, { commits: [commit('a', 1), commit('b', 3), commit('c', 5)] }),
      // All users at 39.5: 9.5 hours; `a` came before, and `e` says that it was made tomorrow.
      delivery('2', 40, { commits: [commit('d', 30), commit('a', 1), commit('e', 60)] }),
      // A way back brings none.
      delivery('3', 50, { purpose: 'rollback', release: rel('1'), from: rel('2'), commits: [commit('a', 1)] }),
    ],
  })
  assert.deepEqual(leadTime.commits, { count: 4, p50Ms: 27_000_000, p75Ms: 31_500_000, p90Ms: 33_120_000 })
  assert.deepEqual(leadTime.rollouts, ['rol_1', 'rol_2'])
})

test('lead time is split into work and waiting: the run and the rollout, but for where that waited for a person', () => {
  const { leadTime, deliveries } = report({
    releases: [release('1', { commit: commit('a', 1), runMs: 2 * hourMs })],
    // From its start to all users half an hour, of which a fifth of an hour waited for an approval.
    deliveries: [delivery('1', 10, { commits: [commit('a', 1)], waitedMs: 0.2 * hourMs })],
  })
  const [one] = deliveries
  assert.deepEqual([one?.leadMs, one?.workingMs, one?.waitingMs], [30_600_000, 8_280_000, 22_320_000])
  assert.equal(leadTime.working?.p50Ms, 8_280_000)
  assert.equal(leadTime.waiting?.p50Ms, 22_320_000)
})

test('frequency is the median of days with a delivery in each of 13 weeks, idle weeks too; a way back and a no-op are none', () => {
  const days = (week: number, count: number): readonly Recorded[] =>
    Array.from({ length: count }, (_, day) => delivery(`w${week}${day}1`, week * 168 + day * 24 + 12))
  // Three deliveries on one day are one day.
  const burst = [1, 2, 3].map((one) => delivery(`b${one}1`, 12 * 168 + 100 + one))
  const deliveries = [
    ...[0, 1, 2, 3, 4, 5, 6].flatMap((week) => days(week, 2)),
    ...burst,
    delivery('r1', 11 * 168 + 5, { purpose: 'rollback' }),
    delivery('n1', 11 * 168 + 30, { from: rel('1') }),
    delivery('x1', 11 * 168 + 60, { outcome: 'rolled_back', cause: 'judged', shareBpMax: 500, fullAt: null }),
  ]
  const { frequency } = report({ deliveries })
  assert.deepEqual(frequency.weeks, [2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 1])
  assert.deepEqual([frequency.count, frequency.daysPerWeekMedian, frequency.band], [17, 2, 'weekly'])
  assert.equal(frequency.perWeek, 17 / 13)
  assert.equal(report({ deliveries: days(0, 1) }).frequency.band, 'rarer')
})

test('the change fail rate counts each delivery once, and tells those caught early from those that reached everybody', () => {
  const deliveries = [
    delivery('1', 10),
    delivery('2', 20, { outcome: 'rolled_back', cause: 'judged', shareBpMax: 500, fullAt: null }),
    // Taken back two hours after all users were on it; an incident is about it as well.
    delivery('3', 30),
    delivery('4', 32, { purpose: 'rollback', release: rel('1'), from: rel('3') }),
    // Nobody was on it: no delivery, shown beside.
    delivery('5', 40, { outcome: 'rolled_back', cause: 'step_failed', liveAt: null, fullAt: null, shareBpMax: 0 }),
    // Its place was taken: neither a delivery nor a failure.
    delivery('6', 50, { outcome: 'rolled_back', cause: 'superseded', fullAt: null, shareBpMax: 2_000 }),
    delivery('7', 60),
  ]
  const incidents = [incident('inc_1', 30.2, { resolvedAt: at(34) }), incident('inc_2', 30.3, { release: rel('3') })]
  const { changeFail } = report({ deliveries, incidents })
  assert.deepEqual(changeFail, {
    count: 2,
    of: 4,
    rate: 0.5,
    isEnough: false,
    rollouts: ['rol_2', 'rol_3'],
    reachedSome: 1,
    reachedAll: 1,
    beforeUsers: ['rol_5'],
    canaryAborts: ['rol_2'],
  })
})

test('recovery is from the first user on it until the first of: taken back, a hotfix of it, the incident resolved; what is open is shown as that', () => {
  const releases = [release('6', { subject: 'hotfix: round down' })]
  const deliveries = [
    // Live at 19.1, back at 20.
    delivery('2', 20, { outcome: 'rolled_back', cause: 'tripped', shareBpMax: 500, fullAt: null }),
    // Live at 29.1; the way back had everybody at 31.5.
    delivery('3', 30),
    delivery('4', 32, { purpose: 'rollback', release: rel('1'), from: rel('3') }),
    // Live at 49.1; the hotfix had everybody at 51.5, before the incident was resolved.
    delivery('5', 50),
    delivery('6', 52),
    // Live at 69.1, and open.
    delivery('7', 70),
  ]
  const incidents = [
    incident('inc_5', 50, { release: rel('5'), resolvedAt: at(60) }),
    incident('inc_7', 70, { release: rel('7') }),
  ]
  const { recovery } = report({ deliveries, incidents, releases }, { now: at(80) })
  assert.equal(recovery.closed?.count, 3)
  const spans = judgeDeliveries(recordOf({ deliveries, incidents, releases }), asked, doraDefaults).failures
  const hours = [...spans.values()].map(({ since, recoveredAt }) =>
    recoveredAt === null ? null : Math.round(((recoveredAt - since) / hourMs) * 10) / 10,
  )
  assert.deepEqual(hours, [0.9, 2.4, 2.4, null])
  assert.deepEqual(recovery.open, [{ rollout: 'rol_7', since: at(69.1), forMs: at(80) - at(69.1) }])
})

test('an incident without a release is about the last delivery that reached users in the hour before it, or about none', () => {
  const deliveries = [delivery('1', 10), delivery('2', 20)]
  const live = at(20 - 0.9)
  const about = (openedAt: number, settings: DoraSettings = doraDefaults): readonly string[] => [
    ...judgeDeliveries(
      recordOf({ deliveries, incidents: [incident('inc_1', 0, { openedAt })] }),
      asked,
      settings,
    ).failures.keys(),
  ]
  assert.deepEqual(about(live), ['rol_2'])
  const { attributionMs } = doraDefaults
  assert.deepEqual(about(live + attributionMs), ['rol_2'])
  assert.deepEqual(about(live + attributionMs + 1), [])
  const brief = { ...doraDefaults, attributionMs: 60_000 }
  assert.deepEqual([about(live + 60_000, brief), about(live + 60_001, brief)], [['rol_2'], []])
  const { incidentsElsewhere, changeFail } = report({ deliveries, incidents: [incident('inc_1', 23)] })
  assert.deepEqual([incidentsElsewhere, changeFail.count], [['inc_1'], 0])
})

test('the rework rate counts hotfixes and rollbacks that were not a decision, of all deliveries of 180 days', () => {
  const releases = [release('2', { subject: 'fix!: stop charging twice' }), release('9', { subject: 'fix: a typo' })]
  const deliveries = [
    delivery('1', 10),
    delivery('2', 20),
    delivery('3', 30, { purpose: 'rollback', by: sluice, release: rel('1'), from: rel('2') }),
    delivery('4', 40, { purpose: 'rollback', release: rel('1'), from: rel('2') }),
    delivery('5', 50, { purpose: 'rollback', release: rel('1'), from: rel('2') }),
    delivery('9', 60),
    // Longer ago than that.
    delivery('8', -24 * 100, { purpose: 'rollback', by: sluice }),
  ]
  const incidents = [incident('inc_1', 39, { rollout: rolloutId('rol_5'), emergency: null })]
  const { rework } = report({ deliveries, incidents, releases })
  assert.deepEqual([rework.count, rework.of, rework.rollouts], [3, 6, ['rol_2', 'rol_3', 'rol_5']])
  assert.equal(rework.isEnough, true)
})

test('whoever asks for a delivery may say that it is a hotfix: it is rework, and what it names failed, until it serves everybody', () => {
  const remediates = (...ids: readonly string[]) => ({ hotfix: { remediates: ids.map(rolloutId) } })
  const resolvedLate = incident('inc_1', 20, { release: rel('2'), resolvedAt: at(400) })
  const deliveries = [
    delivery('1', 10),
    delivery('2', 20),
    // A first try that came back before anybody was on it heals nothing, and says all the same what was wrong.
    delivery('3', 30, { ...remediates('rol_1'), outcome: 'rolled_back', liveAt: null, fullAt: null }),
    // It names one, and makes nothing else good.
    delivery('4', 40, remediates('rol_1')),
    delivery('5', 50, remediates()),
    delivery('6', 60),
  ]
  const { changeFail, recovery, rework, deliveries: told } = report({ deliveries, incidents: [resolvedLate] })
  assert.deepEqual([changeFail.rollouts, changeFail.of], [['rol_1', 'rol_2'], 5])
  assert.deepEqual(recovery.open, [])
  assert.deepEqual(rework.rollouts, ['rol_4', 'rol_5'])
  assert.deepEqual(
    told.flatMap(({ rollout, failure }) => (failure === null ? [] : [[rollout, failure.sources, failure.recoveredBy]])),
    [
      ['rol_1', ['remediated'], 'rol_4'],
      ['rol_2', ['incident'], 'rol_5'],
    ],
  )
  assert.deepEqual(told.find(({ rollout }) => rollout === 'rol_4')?.remediates, ['rol_1'])
  // A deploy that turned out to be a way back is rework for the same word.
  const back = { purpose: 'rollback', release: rel('0'), from: rel('1'), ...remediates('rol_1') } as const
  const undone = report({ deliveries: [delivery('1', 10), delivery('2', 20, back)] })
  assert.deepEqual(undone.rework.rollouts, ['rol_2'])
  assert.deepEqual(undone.deliveries[0]?.failure?.sources, ['taken_back', 'remediated'])
  // Named by one of another environment, or by a drill, nothing failed.
  const elsewhere = [delivery('1', 10), delivery('2', 20, { ...remediates('rol_1'), environment: 'staging' })]
  assert.equal(report({ deliveries: elsewhere }).changeFail.count, 0)
  const drilled = [delivery('1', 10), delivery('2', 20, remediates('rol_1'))]
  assert.equal(report({ deliveries: drilled, drilled: [rolloutId('rol_2')] }).changeFail.count, 0)
})

test('drills, other services and other environments count for nothing', () => {
  const deliveries = [
    delivery('1', 10),
    delivery('2', 20, { service: 'search' }),
    delivery('3', 30, { environment: 'staging' }),
    delivery('4', 40, { purpose: 'rollback' }),
  ]
  const found = report({ deliveries, drilled: [rolloutId('rol_4')] })
  assert.deepEqual(
    found.deliveries.map(({ rollout }) => rollout),
    ['rol_1'],
  )
  assert.deepEqual([found.recovery.closed, found.changeFail.rate, report({}).changeFail.rate], [null, 0, null])
})

test('days are those of the time zone: a delivery of each side of midnight is of one day elsewhere', () => {
  // 23:00 and 01:00 of UTC, which is one morning in Auckland.
  const deliveries = [delivery('1', 23), delivery('2', 25)]
  const daysIn = (zone: string): number | undefined =>
    doraReport(recordOf({ deliveries }), {
      ...asked,
      to: at(24 * 7),
      settings: { ...doraDefaults, zone },
    }).frequency.weeks.at(-1)
  assert.deepEqual([daysIn('UTC'), daysIn('Pacific/Auckland')], [2, 1])
})

test('a canary that came back failed, or is no delivery, as the settings say; the report says which and names them', () => {
  const back = { outcome: 'rolled_back', cause: 'judged', fullAt: null, shareBpMax: 500 } as const
  const deliveries = [
    delivery('1', 10),
    delivery('2', 20, back),
    delivery('3', 30),
    delivery('4', 40, { ...back, liveAt: null }),
  ]
  const told = (canaryAborts: DoraSettings['canaryAborts']) => {
    const settings = { ...doraDefaults, canaryAborts }
    const { changeFail, recovery, settings: by } = doraReport(recordOf({ deliveries }), { ...asked, settings })
    assert.equal(by.canaryAborts, canaryAborts)
    assert.deepEqual(changeFail.canaryAborts, ['rol_2'])
    // Before any user: no delivery, whatever is set.
    assert.deepEqual(changeFail.beforeUsers, ['rol_4'])
    return [changeFail.count, changeFail.of, changeFail.reachedSome, recovery.rollouts]
  }
  assert.deepEqual(told('split'), [1, 3, 1, ['rol_2']])
  assert.deepEqual(told('count'), [1, 3, 1, ['rol_2']])
  assert.deepEqual(told('ignore'), [0, 2, 0, []])
})
