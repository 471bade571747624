import { equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultGroups, insertSection, renderChangelog } from './changelog.ts'
import type { ConventionalCommit } from './commit.ts'
import { linksOf } from './repository-url.ts'

const commit = (
  id: string,
  type: string,
  description: string,
  more: Partial<ConventionalCommit> = {},
): ConventionalCommit => ({
  id: id.padEnd(40, '0'),
  header: `${type}: ${description}`,
  type,
  scope: null,
  description,
  breaking: [],
  references: [],
  reverts: null,
  isMerge: false,
  ...more,
})

const commits = [
  commit('a1', 'fix', 'close the socket (#7)', { references: ['#7', '#9', 'acme/x#4'] }),
  commit('b2', 'feat', 'read `<tags>` of <b>HTML</b>', { scope: 'parser' }),
  commit('c3', 'docs', 'say more'),
  commit('d4', 'feat', 'drop v1', { scope: 'api', breaking: ['v1 is gone:\nuse v2'] }),
  commit('e5', 'x', 'x', {
    header: 'Revert "fix: y"',
    description: 'Revert "fix: y"',
    type: null,
    reverts: 'f'.repeat(40),
  }),
]
const request = {
  version: '2.0.0',
  day: '2026-09-01',
  tag: 'v2.0.0',
  previousTag: 'v1.4.0',
  commits,
  groups: defaultGroups,
}

describe('the changelog', () => {
  it('tells what breaks first, then by group and scope, with links', () => {
    const home = 'https://git.acme.io/acme/x'
    equal(
      renderChangelog({ ...request, links: linksOf('git@git.acme.io:acme/x.git') }),
      `## [2.0.0](${home}/compare/v1.4.0...v2.0.0) (2026-09-01)

### Breaking changes

- **api:** v1 is gone: use v2 ([d400000](${home}/commit/d4${'0'.repeat(38)}))

### Features

- **api:** drop v1 ([d400000](${home}/commit/d4${'0'.repeat(38)}))
- **parser:** read \`<tags>\` of &lt;b>HTML&lt;/b> ([b200000](${home}/commit/b2${'0'.repeat(38)}))

### Fixes

- close the socket ([#7](${home}/issues/7)) ([a100000](${home}/commit/a1${'0'.repeat(38)}), [#9](${home}/issues/9), acme/x#4)

### Reverts

- Revert "fix: y" ([e500000](${home}/commit/e5${'0'.repeat(38)}))
`,
    )
  })

  it('does without links where the remote has no pages, and says when there is nothing to say', () => {
    equal(
      renderChangelog({ ...request, commits: [commit('c3', 'docs', 'say more')], links: linksOf('/srv/git/x.git') }),
      '## 2.0.0 (2026-09-01)\n\nNo change that users see.\n',
    )
  })

  it('puts a section above the older ones, once', () => {
    const older = '# Changelog\n\nAll of it.\n\n## 1.0.0 (2026-01-01)\n\n- first\n'
    const first = insertSection(older, '## [1.1.0](x) (2026-02-02)\n\n- more\n')
    equal(
      first,
      '# Changelog\n\nAll of it.\n\n## [1.1.0](x) (2026-02-02)\n\n- more\n\n## 1.0.0 (2026-01-01)\n\n- first\n',
    )
    equal(insertSection(first, '## [1.1.0](x) (2026-02-02)\n\n- more\n'), first)
    equal(insertSection('', '## 0.1.0 (2026-01-01)\n\n- first\n'), '# Changelog\n\n## 0.1.0 (2026-01-01)\n\n- first\n')
  })

  it('knows the paths of the hosts, and leaves logins out', () => {
    const of = (remote: string): string | undefined => linksOf(remote)?.commit('abc')
    equal(of('https://ada:pw@github.com/acme/x.git'), 'https://github.com/acme/x/commit/abc')
    equal(of('ssh://git@gitlab.acme.io:2222/group/sub/x.git'), 'https://gitlab.acme.io/group/sub/x/-/commit/abc')
    equal(of('git@bitbucket.org:acme/x.git'), 'https://bitbucket.org/acme/x/commits/abc')
    equal(of('../x'), undefined)
  })
})
