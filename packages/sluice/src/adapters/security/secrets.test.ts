import { deepStrictEqual, equal, match, ok } from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { type CorpusFile, generator, negatives, positives } from '../../../test/security/secret-corpus.ts'
import { scanSecrets } from './secrets.ts'
import { presetNames, presetRules } from './secretlint.ts'

const signal = new AbortController().signal
const now = Date.UTC(2026, 8, 1)
const scan = (directory: string, range: { from: string | null; to: string } | null = null) =>
  scanSecrets({ directory, range, allowances: [], now }, signal)

let root = ''

const repository = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const directory = await mkdtemp(join(root, 'repository-'))
  await execa('git', ['init', '--quiet', '--initial-branch=main', directory])
  await write(directory, files)
  return directory
}

const write = async (directory: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), text)
  }
}

const run = async (directory: string, ...words: string[]): Promise<string> =>
  (await execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], { cwd: directory }))
    .stdout

const commit = async (directory: string, message: string): Promise<string> => {
  await run(directory, 'add', '--all')
  await run(directory, 'commit', '--quiet', '--allow-empty', '--message', message)
  return run(directory, 'rev-parse', 'HEAD')
}

const spread = (files: readonly CorpusFile[]): Record<string, string> =>
  Object.fromEntries(files.map(({ file, text }, index) => [`${index}/${file}`, `${text}\n`]))

const token = (seed: number): string => ['ghp', generator(seed)(36)].join('_')

describe('the secret scan', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('finds every credential of the corpus under its rule, and shows none of them', async () => {
    const corpus = positives(20_260_901)
    ok(corpus.length >= 40)
    const result = await scan(await repository(spread(corpus)))
    const found = corpus.map(({ name }, index) => {
      const rules = result.findings.filter(({ file }) => file?.startsWith(`${index}/`)).map(({ rule }) => rule)
      return [name, rules.join()]
    })
    deepStrictEqual(
      found,
      corpus.map(({ name, rule }) => [name, rule]),
    )
    const shown = JSON.stringify(result)
    for (const { name, text } of corpus)
      for (const [run] of text.matchAll(/[\w+/]{14,}/g))
        if (/\d/.test(run)) ok(!shown.includes(run), `${name} shows ${run}`)
  })

  it('finds nothing in what only looks like a credential', async () => {
    const corpus = negatives(20_260_902)
    ok(corpus.length >= 60)
    const result = await scan(await repository(spread(corpus)))
    deepStrictEqual(
      result.findings.map(({ rule, file, excerpt }) => ({
        name: corpus[Number(file?.split('/')[0])]?.name,
        rule,
        excerpt,
      })),
      [],
    )
    equal(result.status, 'ok')
  })

  it('looks at every commit of a range: what was taken out again, what a merge brought in, what a message says', async () => {
    const directory = await repository({ 'old.txt': `${token(1)}\n` })
    const first = await commit(directory, 'one')
    await write(directory, { 'a.txt': 'x\n', 'dir/ü "q".txt': `\n\n  key = ${token(2)}\n` })
    const second = await commit(directory, 'two')
    await rm(join(directory, 'dir'), { recursive: true })
    const third = await commit(directory, `three\n\nwith ${token(3)} in it`)
    await run(directory, 'checkout', '--quiet', '-b', 'side', second)
    await write(directory, { 'a.txt': 'side\n' })
    await commit(directory, 'side')
    await run(directory, 'checkout', '--quiet', 'main')
    await write(directory, { 'a.txt': 'main\n' })
    await commit(directory, 'main')
    await run(directory, 'merge', '--quiet', 'side').catch(() => '')
    await write(directory, { 'a.txt': `main\nside\n${token(4)}\n` })
    const merge = await commit(directory, 'merged')
    const result = await scan(directory, { from: first, to: 'HEAD' })
    deepStrictEqual(
      result.findings.map(({ commit, file, line, excerpt }) => [commit, file, line, excerpt]),
      [
        [third, '(commit message)', 3, 'with ghp_******** in it'],
        [merge, 'a.txt', 3, 'ghp_********'],
        [second, 'dir/ü "q".txt', 3, 'key = ghp_********'],
      ],
    )
    equal((await scan(directory, { from: null, to: 'HEAD' })).findings.length, 4)
    deepStrictEqual(await scan(directory, { from: merge, to: 'HEAD' }), {
      status: 'ok',
      findings: [],
      stats: { texts: 0, characters: 0, allowed: 0, expiredAllowances: 0, unusedAllowances: 0, found: 0 },
      reason: null,
    })
  })

  it('is broken where it could not look: no repository, a range that is not there, an allowance that cannot be read', async () => {
    const reasons = await Promise.all([
      scan(await mkdtemp(join(root, 'plain-'))),
      scan(await repository({ 'a.txt': 'x' }), { from: 'a'.repeat(40), to: 'HEAD' }),
      scan(await repository({ '.sluice-secrets-allow': 'path:a.txt 2027-01-01\n' })),
    ])
    deepStrictEqual(
      reasons.map(({ status }) => status),
      ['broken', 'broken', 'broken'],
    )
    match(reasons[0]?.reason ?? '', /not a git repository/)
    match(reasons[1]?.reason ?? '', /fetch --unshallow/)
    equal(reasons[2]?.reason, '.sluice-secrets-allow:1: an allowance needs a reason')
  })

  it('takes away what is allowed, for as long as it is', async () => {
    const directory = await repository({
      'fixtures/a.txt': token(1),
      'fixtures/b.txt': token(2),
      'c.ts': `const made = '${token(3)}' // sluice-allow-secret until 2026-12-31: made-up key of a test\n`,
      'd.ts': `const made = '${token(4)}' // sluice-allow-secret until 2025-12-31: made-up key of a test\n`,
      'e.ts': `const made = '${token(5)}' // sluice-allow-secret until 2026-12-31:\n`,
      '.sluice-secrets-allow': [
        '# what                                     until      why',
        'path:fixtures/a.* rule:github/GITHUB_TOKEN 2026-09-01 keys of the parser',
        'path:fixtures/b.* 2026-08-31 keys of the parser',
        'path:nowhere/** 2026-12-31 nothing is there',
      ].join('\n'),
    })
    const result = await scan(directory)
    deepStrictEqual(
      result.findings.map(({ file, message }) => [file, message.split('. ').slice(2).join('. ')]),
      [
        ['d.ts', 'The comment that allowed it has run out (made-up key of a test).'],
        ['e.ts', ''],
        ['fixtures/b.txt', 'It was allowed in .sluice-secrets-allow:3 (keys of the parser), and that has run out.'],
      ],
    )
    deepStrictEqual(
      [result.stats['allowed'], result.stats['expiredAllowances'], result.stats['unusedAllowances']],
      [2, 1, 1],
    )
    const [finding] = result.findings
    const allowance = `fingerprint:${finding?.fingerprint} 2026-12-31 rotated`
    await write(directory, { '.sluice-secrets-allow': allowance })
    deepStrictEqual(
      (await scan(directory)).findings.map(({ file }) => file),
      ['e.ts', 'fixtures/a.txt', 'fixtures/b.txt'],
    )
  })

  it('finds a key of many lines wherever it stands in a large file', async () => {
    const random = generator(7)
    const key = [
      '-----BEGIN PRIV',
      `ATE KEY-----\nMII${random(61)}\n`,
      `${random(64)}\n`.repeat(40),
      '-----END PRIV',
      'ATE KEY-----',
    ]
    const filler = (count: number): string => `${'lorem ipsum '.repeat(6)}\n`.repeat(count)
    const before = [0, 890, 899, 910, 2_000]
    const directory = await repository(
      Object.fromEntries(
        before.map((count, index) => [`${index}.txt`, `${filler(count)}${key.join('')}\n${filler(900)}`]),
      ),
    )
    const places = (result: Awaited<ReturnType<typeof scan>>): readonly string[] =>
      result.findings.map(({ file, line, rule }) => `${file}:${line} ${rule}`)
    const expected = before.map((count, index) => `${index}.txt:${count + 1} privatekey/PrivateKey`)
    deepStrictEqual(places(await scan(directory)), expected)
    await commit(directory, 'keys')
    deepStrictEqual(places(await scan(directory, { from: null, to: 'HEAD' })), expected)
  })

  it('knows what each rule of the preset needs to be tried', async () => {
    deepStrictEqual(Object.keys(presetRules).toSorted(), (await presetNames()).toSorted())
  })
})
