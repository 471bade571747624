import { deepStrictEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConventionalCommit, defaultBumps, withoutReverted } from './commit.ts'
import { channelRuleOf, planVersion, type Tag, type VersionRequest } from './next-version.ts'

const commit = (header: string, more: Partial<ConventionalCommit> = {}): ConventionalCommit => {
  const [, type = null, , bang, description = header] = /^(\w+)(?:\((\w+)\))?(!)?: (.*)$/.exec(header) ?? []
  const id = [...header]
    .map((letter) => letter.charCodeAt(0).toString(16))
    .join('')
    .padEnd(40, '0')
    .slice(0, 40)
  return {
    id,
    header,
    type,
    scope: null,
    description,
    breaking: bang === undefined ? [] : [description],
    references: [],
    reverts: null,
    isMerge: false,
    ...more,
  }
}

const tag = (name: string, more: Partial<Tag> = {}): Tag => ({
  name,
  commit: `commit of ${name}`,
  isReachable: true,
  ...more,
})

const plan = (tags: readonly Tag[], headers: readonly string[], more: Partial<VersionRequest> = {}): string => {
  const result = planVersion({
    tags,
    tagPrefix: 'v',
    head: 'head',
    commits: headers.map((header) => commit(header)),
    sincePrerelease: null,
    channel: null,
    bumps: defaultBumps,
    initialVersion: '0.1.0',
    forcedBump: null,
    ...more,
  })
  return result.kind === 'release'
    ? `${result.previousTag} → ${result.tag}`
    : result.kind === 'none'
      ? result.reason
      : `${result.kind} ${result.tag}`
}

describe('the next version', () => {
  it('follows from the largest change since the last release', () => {
    const since = (...headers: readonly string[]): string =>
      plan([tag('v1.2.3'), tag('v1.10.0'), tag('v1.9.9')], headers)
    deepStrictEqual(
      [
        since('fix: a'),
        since('perf: a', 'docs: b'),
        since('fix: a', 'feat: b'),
        since('docs: a', 'fix!: b'),
        since('chore: a', 'whatever'),
        since(),
      ],
      [
        'v1.10.0 → v1.10.1',
        'v1.10.0 → v1.10.1',
        'v1.10.0 → v1.11.0',
        'v1.10.0 → v2.0.0',
        'None of the 2 commits since v1.10.0 changes what users see (feat, fix, perf, revert or a breaking change).',
        'There is no commit since v1.10.0.',
      ],
    )
  })

  it('stays below 1.0.0 until somebody says otherwise', () => {
    const old = [tag('v0.4.2')]
    deepStrictEqual(
      [plan(old, ['feat!: a']), plan(old, ['fix: a']), plan(old, ['docs: a'], { forcedBump: 'major' })],
      ['v0.4.2 → v0.5.0', 'v0.4.2 → v0.4.3', 'v0.4.2 → v1.0.0'],
    )
  })

  it('begins where it is told to', () => {
    equal(plan([], ['docs: a']), 'null → v0.1.0')
    equal(
      plan([tag('release-5'), tag('v2'), tag('other-v3.0.0')], ['fix: a'], { initialVersion: '1.0.0' }),
      'null → v1.0.0',
    )
  })

  it('counts pre-releases of a channel from one, over all branches, and never goes back', () => {
    const beta = { channel: 'beta' }
    const base = tag('v1.2.0')
    const fresh = (header: string): readonly string[] => [commit(header).id]
    deepStrictEqual(
      [
        plan([base], ['feat: a'], beta),
        plan([base, tag('v1.3.0-beta.1')], ['fix: b', 'feat: a'], { ...beta, sincePrerelease: fresh('fix: b') }),
        plan([base, tag('v1.3.0-beta.1', { isReachable: false })], ['feat: a'], beta),
        plan([base, tag('v1.3.0-beta.9'), tag('v1.3.0-beta.10')], ['fix: b', 'feat: a'], {
          ...beta,
          sincePrerelease: fresh('fix: b'),
        }),
        plan([base, tag('v1.3.0-beta.1')], ['feat: a'], { ...beta, sincePrerelease: [] }),
        plan([base, tag('v2.0.0-beta.1')], ['fix: b'], { ...beta, sincePrerelease: fresh('fix: b') }),
        plan([base, tag('v1.3.0-next.4')], ['feat: a'], beta),
        plan([base, tag('v1.3.0-beta.2')], ['feat: a']),
        plan([], ['feat: a'], beta),
      ],
      [
        'v1.2.0 → v1.3.0-beta.1',
        'v1.3.0-beta.1 → v1.3.0-beta.2',
        'v1.2.0 → v1.3.0-beta.2',
        'v1.3.0-beta.10 → v1.3.0-beta.11',
        'There is no commit since v1.3.0-beta.1.',
        'v2.0.0-beta.1 → v2.0.0-beta.2',
        'v1.2.0 → v1.3.0-beta.1',
        'v1.2.0 → v1.3.0',
        'null → v0.1.0-beta.1',
      ],
    )
  })

  it('is the one that the commit has already, and none that another has', () => {
    equal(plan([tag('v1.0.0'), tag('v1.1.0', { commit: 'head' })], ['feat: a']), 'released v1.1.0')
    equal(plan([tag('v1.0.0'), tag('v1.1.0', { isReachable: false })], ['feat: a']), 'conflict v1.1.0')
    equal(plan([tag('v1.0.0'), tag('v1.1.0-beta.1', { commit: 'head' })], ['feat: a']), 'v1.0.0 → v1.1.0')
  })

  it('is counted by package where tags have a prefix', () => {
    const tags = [tag('api-v1.0.0'), tag('web-v3.0.0'), tag('v9.0.0')]
    equal(plan(tags, ['fix: a'], { tagPrefix: 'api-v' }), 'api-v1.0.0 → api-v1.0.1')
    equal(plan(tags, ['fix: a'], { tagPrefix: 'web-v' }), 'web-v3.0.0 → web-v3.0.1')
  })

  it('does not count what was taken back before it was released', () => {
    const feature = commit('feat!: a')
    const back = commit('Revert "feat!: a"', { type: null, reverts: feature.id.slice(0, 12) })
    const again = commit('Revert "Revert "feat!: a""', { type: null, reverts: back.id })
    const fix = commit('fix: b')
    deepStrictEqual(withoutReverted([fix, back, feature]), [fix])
    deepStrictEqual(withoutReverted([again, back, feature]), [feature])
    const older = commit('Revert "x"', { type: null, reverts: 'f'.repeat(40) })
    equal(plan([tag('v1.0.0')], [], { commits: [older] }), 'v1.0.0 → v1.0.1')
  })

  it('comes out of the channel of its branch', () => {
    const rules = [
      { branch: 'main', channel: null },
      { branch: 'next', channel: 'next' },
      { branch: 'release/*', channel: 'rc' },
    ]
    deepStrictEqual(
      ['main', 'release/2', 'release/2/x', 'feature/a'].map((branch) => channelRuleOf(branch, rules)?.channel),
      [null, 'rc', undefined, undefined],
    )
  })
})
