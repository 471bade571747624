import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyEnvironment, type EnvironmentState, environmentMachine, type Passage } from '../environment.ts'
import { type Actor, commitId, type Release, type ReleaseId, releaseId, rolloutId, runId } from '../model.ts'
import { missingText, missingWithBudgets, tally } from './approvals.ts'
import { unreviewed } from './in-environment.ts'
import { isSamePerson } from './people.ts'
import { findingsOf } from './policies.ts'
import { budgetOf, renderSloQuery, sloKey, type SloReading } from './slo.ts'
import type { Approval, Policy, WindowRule } from './types.ts'
import { closedAt, closuresIn, opensAt } from './windows.ts'

const person = (name: string): Actor => ({ kind: 'person', name })
const release: ReleaseId = releaseId(`rel_${'a'.repeat(64)}`)
const yes = (name: string, groups?: readonly string[]): Approval => ({
  release,
  by: person(name),
  at: 1,
  reason: null,
  ...(groups === undefined ? {} : { groups }),
})
const stakes = { author: 'Ada Lovelace <ada@example.com>', triggeredBy: 'grace', requestedBy: 'eve' }

test('a person is the same by login, address, name and the address that hides theirs; others are not', () => {
  for (const name of ['ada', 'ADA@example.com', 'Ada Lovelace', ' ada lovelace <ada@example.com> '])
    ok(isSamePerson(name, stakes.author), name)
  ok(isSamePerson('ada', 'Ada <12+ada@users.noreply.github.com>'))
  for (const name of ['grace', 'adam', 'ada.l@example.com', 'lovelace']) ok(!isSamePerson(name, stakes.author), name)
})

test('author, trigger and requester do not count, nor does a machine, nor anybody twice', () => {
  const given = [yes('ada'), yes('grace'), yes('eve'), yes('bob'), yes('Bob'), yes('carol')]
  const counted = tally({ count: 3, groups: [], stakes }, [
    ...given,
    { ...yes('sluice'), by: { kind: 'system', name: 'sluice' } },
  ])
  deepStrictEqual(
    [counted.isMet, counted.counted.map(({ by }) => by.name), counted.missing],
    [false, ['bob', 'carol'], 1],
  )
  deepStrictEqual(
    counted.void.map(({ approval, why }) => [approval.by.name, why]),
    [
      ['ada', 'wrote the commit'],
      ['grace', 'started the run that built it'],
      ['eve', 'asks for the rollout'],
      ['sluice', 'is no person'],
    ],
  )
})

test('no set of approvals meets a quorum without enough people who have no stake, in the groups that are asked for', () => {
  const names = fc.constantFrom('ada', 'grace', 'eve', 'bob', 'carol', 'dave')
  const approvals = fc.array(fc.tuple(names, fc.subarray(['ops', 'security'])), { maxLength: 8 })
  fc.assert(
    fc.property(approvals, fc.nat({ max: 3 }), fc.nat({ max: 2 }), (said, count, ops) => {
      const given = said.map(([name, groups]) => yes(name, groups))
      const groups = ops === 0 ? [] : [{ group: 'ops', count: ops }]
      const free = new Map(given.toReversed().map((one) => [one.by.name, one]))
      for (const name of ['ada', 'grace', 'eve']) free.delete(name)
      const first = [...free.keys()].map((name) => given.find(({ by }) => by.name === name))
      const inOps = first.filter((one) => one?.groups?.includes('ops') === true).length
      strictEqual(tally({ count, groups, stakes }, given).isMet, first.length >= count && inOps >= ops)
    }),
  )
})

test('what is missing is said by group and number', () => {
  const groups = [{ group: 'security', count: 1 }]
  strictEqual(missingText(tally({ count: 2, groups, stakes: null }, [])), '1 of the group security and 1 more')
  strictEqual(missingText(tally({ count: 2, groups, stakes: null }, [yes('bob')])), '1 of the group security')
  strictEqual(missingText(tally({ count: 2, groups: [], stakes: null }, [])), '2 approvals')
  const asked = (count: number) => missingWithBudgets(tally({ count, groups: [], stakes: null }, []), ['calm', 'slow'])
  strictEqual(asked(0), '1 approval for the spent error budget of policy calm and policy slow')
  strictEqual(asked(1), '1 approval; a yes counts for the spent error budget of policy calm and policy slow, too')
  strictEqual(missingWithBudgets(tally({ count: 0, groups: [], stakes: null }, []), []), '')
})

const rule = (effect: WindowRule['effect'], reason: string, policy?: string): WindowRule => ({
  effect,
  start: '2026-01-01T00:00:00',
  zone: 'UTC',
  repeat: null,
  lastsDays: 0,
  lastsMs: 1,
  reason,
  ...(policy === undefined ? {} : { policy }),
})
const span = { from: 0, until: 1_000 }

test('deny wins over allow, one of several allow windows is enough, and a policy has windows of its own', () => {
  const closures = closuresIn(
    [
      { rule: rule('allow', 'mornings'), on: [{ from: 100, until: 300 }] },
      { rule: rule('allow', 'evenings'), on: [{ from: 250, until: 500 }] },
      { rule: rule('deny', 'launch'), on: [{ from: 200, until: 220 }] },
      { rule: rule('allow', 'office', 'hours'), on: [{ from: 0, until: 400 }] },
    ],
    span,
  )
  const open = Array.from({ length: 10 }, (_, index) => index * 100 + 10).filter(
    (at) => closedAt(closures, at).length === 0,
  )
  deepStrictEqual(open, [110, 310])
  strictEqual(closedAt(closures, 210)[0]?.reason, 'launch')
  deepStrictEqual([opensAt(closures, 0), opensAt(closures, 210), opensAt(closures, 450)], [100, 220, null])
  strictEqual(closedAt(closures, 450).at(-1)?.policy, 'hours')
})

test('a moment is closed exactly when a deny window is on, or allow windows are and none is on', () => {
  const spans = fc.array(
    fc.tuple(fc.nat({ max: 900 }), fc.integer({ min: 1, max: 200 })).map(([from, ms]) => ({ from, until: from + ms })),
    { maxLength: 5 },
  )
  fc.assert(
    fc.property(spans, spans, fc.nat({ max: 999 }), (allow, deny, at) => {
      const isOn = (on: readonly { readonly from: number; readonly until: number }[]): boolean =>
        on.some(({ from, until }) => from <= at && at < until)
      const times = [
        { rule: rule('deny', 'no'), on: deny },
        { rule: rule('allow', 'yes'), on: allow },
      ]
      const closures = closuresIn(times, span)
      strictEqual(closedAt(closures, at).length > 0, isOn(deny) || !isOn(allow))
      const opens = opensAt(closures, at)
      if (opens !== null) strictEqual(closedAt(closures, opens).length, 0)
    }),
  )
})

const content = {
  schema: 1,
  service: 'shop',
  version: '2.0.0',
  commit: { id: commitId('0'.repeat(40)), subject: 's', author: stakes.author, committedAt: 1 },
  artifacts: [],
  start: { command: 'node server.js', artifact: 'app' },
  environments: [],
  migrations: [],
  gates: [
    { gate: 'tests', status: 'pass' },
    { gate: 'coverage', status: 'waived' },
  ],
} as const
const cut: Release = { id: release, cutBy: runId('run_1'), cutAt: 1, content }
const passage = (at: number, more: Partial<Passage> = {}): Passage => ({
  rollout: rolloutId('rol_1'),
  release,
  outcome: 'rolled_back',
  at,
  ...more,
})

const found = (
  policy: Omit<Policy, 'name'>,
  change: Partial<EnvironmentState> = {},
  before: EnvironmentState | null = null,
) =>
  findingsOf([{ name: 'p', ...policy }], {
    release: cut,
    environment: { ...emptyEnvironment('shop', 'production'), ...change },
    before,
    asker: { by: person('bob'), groups: ['ops'] },
    now: 10_000,
  }).map(({ rule: asked, isMet, mayPass, until }) => [asked, isMet, mayPass, until])

test('a gate that was waived or never ran meets no policy', () => {
  deepStrictEqual(found({ gates: ['tests', 'coverage', 'licences'] }), [
    ['gates', true, false, null],
    ['gates', false, false, null],
    ['gates', false, false, null],
  ])
})

test('soak and verification are of this release, in the environment before', () => {
  const staging = emptyEnvironment('shop', 'staging')
  const onward = { soakMs: 60_000, to: [] }
  const soaked = { ...staging, soaks: [{ release, servedMs: 60_000, countedAt: 1, onward }] }
  const last = { at: 1, by: person('bob'), release, outcome: 'passed', notPassed: [] } as const
  const other = { ...last, release: releaseId(`rel_${'b'.repeat(64)}`) }
  const of = { soakMs: 60_000, verified: true } as const
  const met = (before: EnvironmentState | null): readonly unknown[] => found(of, {}, before).map(([, isMet]) => isMet)
  deepStrictEqual(met({ ...soaked, verification: last }), [true, true])
  deepStrictEqual(met({ ...staging, verification: other }), [false, false])
  // No environment before, no measurement: never a pass.
  deepStrictEqual(met(null), [false, false])
})

test('who may ask: a member of a group or one of the people', () => {
  deepStrictEqual(found({ who: { groups: ['ops'], people: [] } }), [['who', true, false, null]])
  deepStrictEqual(found({ who: { groups: ['managers'], people: ['Bob <bob@example.com>'] } }), [
    ['who', true, false, null],
  ])
  deepStrictEqual(found({ who: { groups: ['managers'], people: ['ada'] } }), [['who', false, false, null]])
})

test('the error budget counts releases that were taken back, not who gave way, and says when there is room again', () => {
  const budget = { errorBudget: { rollbacks: 2, withinMs: 5_000 } }
  const gaveWay = passage(9_000, { superseded: true })
  const back = passage(8_000, { outcome: 'succeeded', purpose: 'rollback' })
  deepStrictEqual(found(budget, { history: [gaveWay, back] }), [['errorBudget', true, true, null]])
  deepStrictEqual(found(budget, { history: [gaveWay, back, passage(6_000), passage(1_000)] }), [
    ['errorBudget', false, true, 11_000],
  ])
})

const objective = {
  objectiveBp: 9_990,
  windowMs: 604_800_000,
  total: 'sum(increase(all{e="{{environment}}"}[{{window}}]))',
  bad: 'sum(increase(bad{s="{{service}}"}[{{ window }}]))',
  whenSpent: 'refuse',
} as const

test('an error budget over requests: spent at the objective, and unmeasured is never left', () => {
  const stand = (reading: SloReading | undefined, isServing = true): string =>
    budgetOf(objective, { reading, isServing }).kind
  const counted = (total: number, bad: number): SloReading => ({ kind: 'measured', total, bad })
  strictEqual(stand(counted(100_000, 99)), 'left')
  strictEqual(stand(counted(100_000, 100)), 'spent')
  // Not a number, none, and nobody: all the same.
  for (const reading of [undefined, { kind: 'silent', detail: 'refused' } as const, counted(0, 0), counted(NaN, 0)])
    strictEqual(stand(reading), 'unmeasured')
  strictEqual(stand(counted(100, NaN)), 'spent')
  strictEqual(stand(undefined, false), 'left')
  match(
    budgetOf(objective, { reading: counted(100_000, 150), isServing: true }).detail,
    /99\.9 % good over 7 days: 150 of 100000 requests were bad, 150 % of the error budget/,
  )
})

test('a query of an objective has the place and the window in it, as text that ends no string', () => {
  const at = { service: 'a"b', environment: 'prod', windowMs: objective.windowMs }
  strictEqual(renderSloQuery(objective.total, at), 'sum(increase(all{e="prod"}[604800s]))')
  strictEqual(renderSloQuery(objective.bad, at), 'sum(increase(bad{s="a\\"b"}[604800s]))')
})

test('a spent budget waits, or asks for one yes of somebody without a stake; an unmeasured one is approved by nobody', () => {
  const serving = { serving: release }
  const facts = { release: cut, environment: { ...emptyEnvironment('shop', 'production'), ...serving }, before: null }
  const stand = (whenSpent: 'refuse' | 'approve', bad: number | null, approvedBy: readonly string[] = []) => {
    const slo = { ...objective, whenSpent }
    const slos = bad === null ? {} : { [sloKey(slo)]: { kind: 'measured', total: 100_000, bad } as const }
    const [one] = findingsOf([{ name: 'p', slo }], { ...facts, asker: null, now: 1, slos, approvedBy })
    return [one?.isMet, one?.asksApproval]
  }
  deepStrictEqual(stand('refuse', 0), [true, undefined])
  deepStrictEqual(stand('refuse', 500, ['carol']), [false, undefined])
  deepStrictEqual(stand('approve', 500), [false, true])
  deepStrictEqual(stand('approve', 500, ['carol']), [true, true])
  deepStrictEqual(stand('approve', null, ['carol']), [false, undefined])
})

const after = (...events: readonly Parameters<typeof environmentMachine.decide>[1][]): EnvironmentState =>
  events.reduce((state, event) => environmentMachine.decide(state, event).state, emptyEnvironment('shop', 'production'))

test('a no stands until the same person says yes, and takes back their yes', () => {
  const said = { release, reason: 'no', at: 1 } as const
  const no = { type: 'rejected', by: person('bob'), ...said } as const
  const approved = { type: 'approved', by: person('bob'), ...said } as const
  const other = { ...approved, by: person('carol') }
  strictEqual(after(no, other).rejections?.length, 1)
  strictEqual(after(no, approved).rejections, undefined)
  deepStrictEqual(
    after(approved, other, no).approvals.map(({ by }) => by.name),
    ['carol'],
  )
})

test('a broken glass stays red until somebody else has looked, and is never forgotten before', () => {
  const broken = (index: number) =>
    ({
      type: 'glass_broken',
      at: index,
      rollout: `rol_${index}`,
      release,
      glass: { by: person('bob'), at: index, reason: 'outage', passed: ['frozen'] },
    }) as const
  const review = (name: string) =>
    ({ type: 'glass_reviewed', at: 99, by: person(name), rollout: 'rol_0', reason: 'ok' }) as const
  const many = after(...Array.from({ length: 60 }, (_, index) => broken(index)))
  strictEqual(unreviewed(many).length, 60)
  strictEqual(environmentMachine.decide(many, review('bob')).state, many)
  strictEqual(unreviewed(environmentMachine.decide(many, review('carol')).state).length, 59)
  match(
    JSON.stringify(environmentMachine.decide(many, review('carol')).state.brokenGlass),
    /"review":\{"by":\{"kind":"person","name":"carol"/,
  )
})
