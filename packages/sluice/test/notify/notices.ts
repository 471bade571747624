/** Notices as they are made: a story of one release, and hostile ones. */
import fc from 'fast-check'
import { commitId, releaseId, sluice } from '../../src/core/model.ts'
import { type Notice, noticeKinds, type NoticeRelease, noticeSeverities } from '../../src/core/notify/types.ts'

const commit = {
  id: commitId('4f9c2a7b1de34c5fa6b78c9d0e1f2a3b4c5d6e7f'),
  subject: 'Totals with discounts <!channel> @everyone *now*',
  author: 'Ann Miller',
  committedAt: Date.UTC(2026, 10, 26, 9, 0),
}

const release: NoticeRelease = { id: releaseId(`rel_${'0123456789abcdef'.repeat(4)}`), version: '1.4.0', commit }

const stable: NoticeRelease = {
  id: releaseId(`rel_${'fedcba9876543210'.repeat(4)}`),
  version: '1.3.2',
  commit: {
    id: commitId('aaaa2a7b1de34c5fa6b78c9d0e1f2a3b4c5d6e7f'),
    subject: 'Faster cart',
    author: 'Ben',
    committedAt: Date.UTC(2026, 10, 24, 9, 0),
  },
}

const rollout = { kind: 'rollout', id: 'rol_01h2xcejqtf2nbrexx3vqjhp41' } as const

/** A notice of which a test says only what matters to it. */
export const notice = (parts: Partial<Notice> = {}): Notice => ({
  id: '17',
  kind: 'rollout.started',
  severity: 'low',
  at: Date.UTC(2026, 10, 27, 2, 30),
  subject: rollout,
  outcome: 'going_on',
  service: 'shop',
  environment: 'production',
  isProduction: true,
  title: '1.4.0 is on its way to production, 5 % first',
  facts: [{ name: 'Strategy', value: 'canary: 5 %, 25 %, 100 %' }],
  reason: 'sale starts at noon',
  actor: { kind: 'person', name: 'ann' },
  release,
  stable,
  commit: null,
  url: 'https://sluice.example.com/rollouts/rol_01h2xcejqtf2nbrexx3vqjhp41?tab=why&x=1',
  ...parts,
})

/** What happens to one release, and beside it. */
export const story: Readonly<Record<string, Notice>> = {
  'rollout started': notice(),
  'rollout step': notice({
    id: '18',
    kind: 'rollout.step',
    title: '1.4.0 has 25 % of the traffic of production',
    facts: [{ name: 'Evidence', value: '3 of 4,120 bad, stable 4 of 12,360' }],
    reason: null,
    actor: sluice,
  }),
  'approval requested': notice({
    id: '19',
    kind: 'approval.requested',
    severity: 'medium',
    outcome: 'waiting',
    title: '1.4.0 waits for 1 approval before it gets all traffic of production',
    facts: [{ name: 'Who may', value: 'sre, ben' }],
    reason: null,
    actor: sluice,
  }),
  'rollout rolled back': notice({
    id: '20',
    kind: 'rollout.rolled_back',
    severity: 'high',
    outcome: 'failed',
    title: 'Errors: 61 of 1,204 bad against 4 of 3,612 – 1.4.0 was taken back from production in 0.8 s',
    facts: [
      { name: 'Cause', value: 'the tripwire cut the candidate at 25 %: 61 of 1204 bad, stable 4 of 3612' },
      { name: 'Users hit', value: '61 requests' },
    ],
    reason: null,
    actor: sluice,
  }),
  'incident opened': notice({
    id: '21',
    kind: 'incident.opened',
    severity: 'critical',
    subject: { kind: 'incident', id: 'inc_01h2xcejqtf2nbrexx3vqjhp41' },
    outcome: 'going_on',
    title: 'Nothing answers: checkout of production is down since 02:29',
    facts: [{ name: 'Impact', value: 'major' }],
    reason: 'outage',
    text: 'Who is on call: ann\nRunbook: https://wiki.example.com/checkout',
    url: null,
  }),
  'incident resolved': notice({
    id: '22',
    kind: 'incident.resolved',
    severity: 'medium',
    subject: { kind: 'incident', id: 'inc_01h2xcejqtf2nbrexx3vqjhp41' },
    outcome: 'succeeded',
    title: 'Checkout of production answers again after 11 min',
    facts: [],
    reason: 'rolled back, fix in 1.4.1',
  }),
  'run failed': notice({
    id: '23',
    kind: 'run.failed',
    severity: 'medium',
    subject: { kind: 'run', id: 'run_01h2xcejqtf2nbrexx3vqjhp41' },
    outcome: 'failed',
    environment: null,
    isProduction: false,
    title: 'test failed: expected 12.50, got 12.49 (cart.test.ts:88)',
    facts: [{ name: 'Job', value: 'test' }],
    reason: null,
    release: null,
    stable: null,
    commit,
  }),
  emergency: notice({
    id: '24',
    kind: 'glass.broken',
    severity: 'critical',
    outcome: null,
    subject: { kind: 'environment', id: 'production' },
    title: '1.4.1 goes to production past a freeze and 2 approvals',
    facts: [{ name: 'Passed over', value: 'freeze "holiday sale", 2 approvals' }],
    reason: 'payments are failing',
    actor: { kind: 'person', name: 'ben' },
  }),
}

const nasty = [
  '<!channel>',
  '@everyone',
  '&',
  '`',
  '```',
  '"',
  '\\',
  '\u0000',
  '\r\n',
  '👩‍👩‍👧‍👦',
  '\uD800',
  '\u202E',
  '](https://x.example)',
  '{{DATE}}',
  '–',
  '*_~',
]

const repeated = ([part, times]: readonly [string, number]): string => part.repeat(times)

/** Texts that are made to break something. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 400 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 400 }) },
  { weight: 1, arbitrary: fc.constantFrom(...nasty) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...nasty), fc.integer({ min: 1, max: 3_000 })).map(repeated) },
)

const commits = fc.record({ subject: text, author: text }).map((parts) => ({ ...commit, ...parts }))

const releases = fc
  .record({ version: fc.option(text), commit: commits })
  .map((parts): NoticeRelease => ({ ...release, ...parts }))

/** Notices with any texts in any place. */
export const notices: fc.Arbitrary<Notice> = fc.record({
  id: fc.nat().map(String),
  kind: fc.constantFrom(...noticeKinds),
  severity: fc.constantFrom(...noticeSeverities),
  at: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  subject: fc.record({ kind: fc.constantFrom('run', 'rollout', 'incident', 'environment'), id: text }),
  outcome: fc.constantFrom('going_on', 'waiting', 'succeeded', 'failed', 'canceled', null),
  service: text,
  environment: fc.option(text),
  isProduction: fc.boolean(),
  title: text,
  text,
  facts: fc.array(fc.record({ name: text, value: text }), { maxLength: 40 }),
  reason: fc.option(text),
  actor: fc.record({ kind: fc.constant('person' as const), name: text }),
  release: fc.option(releases),
  stable: fc.option(releases),
  commit: fc.option(commits),
  url: fc.option(fc.oneof(fc.webUrl({ withQueryParameters: true }), text)),
})
