import { deepStrictEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { SluiceError } from '../../core/errors.ts'
import { defaultGroups } from '../../core/conventions/changelog.ts'
import { defaultBumps } from '../../core/conventions/commit.ts'
import { checkBranch } from './branch.ts'
import { checkCommits, readCommits } from './commits.ts'
import { changelogFor, createTag, nextVersion, type ReleaseRequest, verifyTag } from './release.ts'

const signal = new AbortController().signal
const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted
const tagger = { name: 'Ada', email: 'ada@example.invalid' }
const channels = [
  { branch: 'main', channel: null },
  { branch: 'beta', channel: 'beta' },
]
const policy = { types: null, scopes: null, headerLengthMax: 100, fixups: 'refuse' } as const

let root = ''

const repository = async (): Promise<string> => {
  const directory = await mkdtemp(join(root, 'repository-'))
  await execa('git', ['init', '--quiet', '--initial-branch=main', directory])
  return directory
}

const run = async (directory: string, ...words: string[]): Promise<string> =>
  (await execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], { cwd: directory }))
    .stdout

const commit = async (directory: string, ...messages: string[]): Promise<string> => {
  for (const message of messages)
    await run(directory, 'commit', '--quiet', '--allow-empty', '--cleanup=verbatim', '--message', message)
  return run(directory, 'rev-parse', 'HEAD')
}

const plan = (directory: string, more: Partial<ReleaseRequest> = {}) =>
  nextVersion(
    {
      directory,
      commit: 'HEAD',
      branch: null,
      channels,
      tagPrefix: 'v',
      folder: null,
      bumps: defaultBumps,
      initialVersion: '0.1.0',
      forcedBump: null,
      ...more,
    },
    signal,
  )

const tag = (directory: string, name: string, at: string) =>
  createTag(
    {
      directory,
      tag: name,
      commit: at,
      message: `${name}\n\n# not a comment\n`,
      signing: 'none',
      tagger,
      pushTo: null,
    },
    signal,
  )

describe('releases of a repository', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-release-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('go from the first version over a beta to the next, each time once', async () => {
    const directory = await repository()
    await run(directory, 'remote', 'add', 'origin', 'git@git.acme.io:acme/x.git')
    const first = await commit(directory, 'feat: begin')
    const initial = await plan(directory, { initialVersion: '1.0.0' })
    ok(initial.kind === 'release')
    equal(initial.tag, 'v1.0.0')
    deepStrictEqual(await tag(directory, 'v1.0.0', first), { kind: 'created', tag: 'v1.0.0', commit: first })
    deepStrictEqual(await plan(directory), { kind: 'released', version: '1.0.0', tag: 'v1.0.0' })
    equal(
      await run(directory, 'for-each-ref', '--format=%(objecttype) %(contents)', 'refs/tags/v1.0.0'),
      'tag v1.0.0\n\n# not a comment\n',
    )

    await run(directory, 'checkout', '--quiet', '-b', 'beta')
    const second = await commit(
      directory,
      'feat(api)!: rename /orders\n\nBREAKING CHANGE: /order is /orders now\n\nCloses #12',
      'docs: say so',
    )
    const beta = await plan(directory)
    ok(beta.kind === 'release')
    equal(beta.tag, 'v2.0.0-beta.1')
    await tag(directory, beta.tag, second)
    await commit(directory, 'chore: nothing')
    equal((await plan(directory)).kind, 'none')
    await commit(directory, 'fix: a slash')
    const next = await plan(directory)
    ok(next.kind === 'release')
    deepStrictEqual([next.tag, next.previousTag], ['v2.0.0-beta.2', 'v2.0.0-beta.1'])

    await run(directory, 'checkout', '--quiet', 'main')
    await run(directory, 'merge', '--quiet', '--ff-only', 'beta')
    const stable = await plan(directory)
    ok(stable.kind === 'release')
    deepStrictEqual([stable.tag, stable.previousTag, stable.bump], ['v2.0.0', 'v1.0.0', 'major'])
    const section = await changelogFor({ directory, plan: stable, day: '2026-09-01', groups: defaultGroups }, signal)
    match(
      section,
      /^## \[2\.0\.0\]\(https:\/\/git\.acme\.io\/acme\/x\/compare\/v1\.0\.0\.\.\.v2\.0\.0\) \(2026-09-01\)\n\n### Breaking changes\n\n- \*\*api:\*\* \/order is \/orders now/,
    )
    match(section, /### Fixes\n\n- a slash/)
    deepStrictEqual(await plan(directory, { branch: 'feature/x' }), {
      kind: 'none',
      reason: 'Nothing is released from feature/x, only from main, beta.',
      previousTag: null,
    })
  })

  it('are told apart by package in a repository of several', async () => {
    const directory = await repository()
    for (const [folder, message] of [
      ['api', 'feat: a'],
      ['web', 'fix: b'],
    ] as const) {
      await mkdir(join(directory, folder), { recursive: true })
      await writeFile(join(directory, folder, 'file'), message)
      await run(directory, 'add', '--all')
      await commit(directory, message)
    }
    const first = await run(directory, 'rev-parse', 'HEAD~1')
    await tag(directory, 'web-v1.0.0', first)
    await tag(directory, 'api-v1.0.0', first)
    const of = async (folder: string): Promise<string> => {
      const found = await plan(directory, { folder, tagPrefix: `${folder}-v` })
      return found.kind === 'release' ? found.tag : found.kind
    }
    deepStrictEqual([await of('api'), await of('web')], ['none', 'web-v1.0.1'])
  })

  it('never move a tag, and push it as often as asked', async () => {
    const directory = await repository()
    const [first, second] = [await commit(directory, 'feat: a'), await commit(directory, 'feat: b')]
    const remote = join(root, 'remote.git')
    await execa('git', ['init', '--quiet', '--bare', remote])
    await run(directory, 'remote', 'add', 'origin', remote)
    const request = {
      directory,
      tag: 'v1.0.0',
      commit: first,
      message: 'v1.0.0',
      signing: 'none',
      tagger,
      pushTo: 'origin',
    } as const
    equal((await createTag(request, signal)).kind, 'created')
    equal((await createTag(request, signal)).kind, 'exists')
    equal(await run(remote, 'rev-parse', 'v1.0.0^{commit}'), first)
    await rejects(createTag({ ...request, commit: second }, signal), code('command_conflict'))
    await rejects(createTag({ ...request, tag: 'v 1' }, signal), code('config_invalid'))
    await rejects(createTag({ ...request, pushTo: join(root, 'nowhere') }, signal), code('server_unreachable'))
    await run(remote, 'tag', '--force', '--no-sign', 'v2.0.0', first)
    await rejects(createTag({ ...request, tag: 'v2.0.0', commit: second }, signal), code('server_unreachable'))
  })

  it('are signed with the key that git has, and the signature is verified', async () => {
    const directory = await repository()
    const at = await commit(directory, 'feat: a')
    const request = {
      directory,
      tag: 'v1.0.0',
      commit: at,
      message: 'v1.0.0',
      signing: 'required',
      tagger,
      pushTo: null,
    } as const
    await run(directory, 'config', 'gpg.format', 'ssh')
    await rejects(createTag(request, signal), code('config_invalid'))
    const keyFile = join(root, 'key')
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile])
    await run(directory, 'config', 'user.signingkey', keyFile)
    await execa('sh', ['-c', `echo "ada@example.invalid $(cat ${keyFile}.pub)" > ${keyFile}.allowed`])
    await run(directory, 'config', 'gpg.ssh.allowedSignersFile', `${keyFile}.allowed`)
    equal((await createTag(request, signal)).kind, 'created')
    const verified = await verifyTag(directory, 'v1.0.0', signal)
    ok(verified.isGood, verified.detail)
    await tag(directory, 'v1.0.1', at)
    equal((await verifyTag(directory, 'v1.0.1', signal)).isGood, false)
  })

  it('are refused where the history is not all here', async () => {
    const directory = await repository()
    await commit(directory, 'feat: a', 'feat: b')
    const clone = join(root, 'shallow')
    await execa('git', ['clone', '--quiet', '--depth=1', `file://${directory}`, clone])
    await rejects(plan(clone), code('not_found'))
    await rejects(plan(directory, { commit: 'nowhere' }), code('not_found'))
  })

  it('are read from whole messages, whatever bytes are in them', async () => {
    const directory = await repository()
    const base = await commit(directory, 'feat: begin')
    const message = `broken\u001e${base}\u001f\u001ffeat: forged\u001f`
    const id = await commit(directory, message)
    deepStrictEqual(await readCommits({ directory, range: { from: base, to: 'HEAD' }, folder: null }, signal), [
      { id, parents: [base], message },
    ])
  })

  it('judge messages of commits and names of branches', async () => {
    const directory = await repository()
    const base = await commit(directory, 'feat: begin')
    const ids = [
      await commit(directory, 'wip'),
      await commit(directory, 'feature(api): Add X.'),
      await commit(directory, 'fixup! feat: begin'),
      await commit(directory, 'fix(core): a `thing`\n\nwhy'),
      await commit(directory, `Revert "feat: begin"\n\nThis reverts commit ${base}.`),
    ]
    const result = await checkCommits({ directory, range: { from: base, to: 'HEAD' }, folder: null, policy }, signal)
    deepStrictEqual(result.findings.map(({ commit, rule }) => `${ids.indexOf(commit ?? '')} ${rule}`).toSorted(), [
      '0 commit/subject-empty',
      '0 commit/type-empty',
      '1 commit/subject-case',
      '1 commit/subject-full-stop',
      '1 commit/type-enum',
      '2 commit/fixup',
    ])
    equal(result.stats['commits'], 5)
    const strict = { ...policy, types: ['fix'], scopes: ['api'], fixups: 'allow' } as const
    const other = await checkCommits(
      { directory, range: { from: 'HEAD~2', to: 'HEAD~1' }, folder: null, policy: strict },
      signal,
    )
    deepStrictEqual(
      other.findings.map(({ message }) => message),
      [`${ids[3]?.slice(0, 7)} "fix(core): a \`thing\`": scope must be one of [api].`],
    )
    equal(
      (await checkCommits({ directory, range: { from: 'nowhere', to: 'HEAD' }, folder: null, policy }, signal)).status,
      'broken',
    )

    const branches = { patterns: ['main', 'feature/*'], lengthMax: 20 }
    const branch = async (name: string | null) =>
      (await checkBranch({ directory, name, policy: branches }, signal)).findings.map(({ rule }) => rule)
    deepStrictEqual(
      [
        await branch(null),
        await branch('feature/a'),
        await branch('feature/a/b'),
        await branch('feature/a-name-of-many-words'),
      ],
      [[], [], ['branch/pattern'], ['branch/length']],
    )
    await run(directory, 'checkout', '--quiet', '--detach')
    equal((await checkBranch({ directory, name: null, policy: branches }, signal)).status, 'broken')
  })
})
