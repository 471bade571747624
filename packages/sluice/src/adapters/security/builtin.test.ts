import { deepStrictEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { SluiceError } from '../../core/errors.ts'
import { builtinNames } from '../../core/config/builtins.ts'
import { type BuiltinContext, builtinJobs } from './builtin.ts'
import { readSarif } from './sast.ts'
import { projectKey, verifyProvenance } from './signing.ts'

const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted
const sarif = (invocation: object): string =>
  JSON.stringify({
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'x',
            rules: [{ id: 'sql', helpUri: 'https://acme.io/sql', properties: { 'security-severity': '9.1' } }],
          },
        },
        invocations: [invocation],
        results: [
          {
            ruleId: 'sql',
            message: { text: 'Injection.' },
            locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a%20b.ts' }, region: { startLine: 7 } } }],
          },
          { ruleId: 'old', level: 'error', message: { text: 'Known.' }, suppressions: [{ kind: 'inSource' }] },
          { ruleId: 'style', level: 'note', message: { text: 'Style.' } },
        ],
      },
    ],
  })

let root = ''
let context: BuiltinContext

const head = async (): Promise<string> => (await execa('git', ['rev-parse', 'HEAD'], { cwd: context.directory })).stdout

const commit = async (message: string): Promise<void> => {
  const words = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid']
  await execa('git', ['add', '--all'], { cwd: context.directory })
  await execa('git', [...words, 'commit', '--quiet', '--allow-empty', '--message', message], { cwd: context.directory })
  context = { ...context, commit: { ...context.commit, id: await head() } }
}

describe('the jobs that come with Sluice', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-builtin-'))
    const directory = join(root, 'checkout')
    await execa('git', ['init', '--quiet', '--initial-branch=main', directory])
    context = {
      directory,
      stateDirectory: join(root, 'state'),
      outputDirectory: join(root, 'output'),
      service: { name: 'orders', version: '1.4.0' },
      commit: { id: '', branch: 'main', base: '0'.repeat(40) },
      run: { id: 'run_1', startedAt: Date.UTC(2026, 8, 1) },
      repository: 'https://git.acme.io/acme/orders',
      builder: 'https://sluice.acme.io',
      artifacts: [{ name: 'app', sha256: 'ab'.repeat(32) }],
      sluiceVersion: '0.1.0',
      now: Date.UTC(2026, 8, 1, 0, 5),
      signal: new AbortController().signal,
    }
    const lock = {
      lockfileVersion: 3,
      packages: { '': { dependencies: { a: '1' } }, 'node_modules/a': { version: '1.0.0', license: 'MIT' } },
    }
    await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock))
    await writeFile(join(directory, 'Dockerfile'), 'FROM node:24.1.0\nENV API_TOKEN=abc\nUSER 1000\n')
    await writeFile(join(directory, 'log.sarif'), sarif({ executionSuccessful: true }))
    await commit('feat: begin')
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('pass, fail or are broken, each with a log that says so', async () => {
    const copy = ['node', '-e', "require('fs').writeFileSync('out.sarif', require('fs').readFileSync('log.sarif'))"]
    const options: Readonly<Record<string, unknown>> = {
      'dependency-audit': { registry: 'never' },
      sast: { command: copy, output: 'out.sarif' },
      release: { tagger: { name: 'Sluice', email: 'sluice@example.com' } },
    }
    const seen: string[] = []
    for (const name of builtinNames) {
      const { verdict, result, reports, summary } = await builtinJobs[name](options[name], context)
      seen.push(`${name}: ${verdict}, ${reports.map(({ format }) => format).join('+')}`)
      ok(summary.startsWith(`**${name}**: `))
      const log = readSarif(await readFile(reports.at(-1)?.path ?? '', 'utf8'))
      deepStrictEqual(
        log.findings.map(({ rule, file, line }) => [rule, file, line]),
        result.findings.map(({ rule, file, line }) => [rule, file, line]),
      )
      equal(log.status, result.status)
    }
    deepStrictEqual(seen, [
      'secret-scan: passed, sarif',
      'dependency-audit: broken, sarif',
      'licences: broken, sarif',
      'sbom: passed, cyclonedx+sarif',
      'dockerfile: failed, sarif',
      'sast: failed, sarif',
      'commit-lint: passed, sarif',
      'branch-name: passed, sarif',
      'provenance: passed, intoto+sarif',
      'release: passed, changelog+sarif',
    ])
  })

  it('refuse options that are off before they do anything', async () => {
    await rejects(builtinJobs['secret-scan']({ scope: 'everything' }, context), code('config_invalid'))
    await rejects(
      builtinJobs['secret-scan']({ allow: [{ until: '2027-01-31', reason: 'all of it' }] }, context),
      code('config_invalid'),
    )
    await rejects(builtinJobs.sast({}, context), code('config_invalid'))
  })

  it('tag a release once, and say nothing is new after it', async () => {
    const options = { tagger: { name: 'Sluice', email: 'sluice@example.com' } }
    const again = await builtinJobs.release(options, context)
    deepStrictEqual([again.verdict, again.outputs['tag']], ['passed', 'v0.1.0'])
    await commit('docs: say more')
    const quiet = await builtinJobs.release(options, context)
    deepStrictEqual([quiet.verdict, quiet.outputs['released']], ['passed', 'false'])
    await commit('fix: a slash')
    const planned = await builtinJobs.release({ ...options, tag: 'plan' }, context)
    deepStrictEqual(
      [planned.outputs['tag'], (await execa('git', ['tag'], { cwd: context.directory })).stdout],
      ['v0.1.1', 'v0.1.0'],
    )
    const beta = { ...context, commit: { ...context.commit, branch: 'beta' } }
    equal((await builtinJobs.release({ ...options, tag: 'plan' }, beta)).outputs['tag'], 'v0.1.1-beta.1')
  })

  it('sign provenance that verifies', async () => {
    const started = { ...context.run, inputs: { TARGET: 'eu' } }
    const { reports } = await builtinJobs.provenance({}, { ...context, run: started })
    const { publicKey } = await projectKey(context.stateDirectory)
    const text = await readFile(reports[0]?.path ?? '', 'utf8')
    const expected = { subjects: context.artifacts, commit: context.commit.id, builder: context.builder }
    equal(verifyProvenance(text, { publicKeys: [publicKey], threshold: 1 }, expected).kind, 'verified')
    const { payload } = JSON.parse(text) as { readonly payload: string }
    const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      readonly predicate: { readonly buildDefinition: { readonly externalParameters: object } }
    }
    const { branch } = context.commit
    const parameters = { service: context.service.name, branch, inputs: { TARGET: 'eu' } }
    deepStrictEqual(predicate.buildDefinition.externalParameters, parameters)
    const none = await builtinJobs.provenance({}, { ...context, artifacts: [] })
    equal(none.verdict, 'broken')
  })

  it('take no log of another scanner for clean that is not: none, an old one, a failed or an empty one', async () => {
    const run = async (words: readonly string[], output = 'log.sarif') =>
      builtinJobs.sast({ command: words, output }, context)
    const missing = await run(['no-such-scanner'])
    deepStrictEqual(
      [missing.verdict, missing.result.reason],
      ['broken', 'no-such-scanner is not installed, so that nothing was scanned.'],
    )
    match((await run(['true'])).result.reason ?? '', /wrote no log\.sarif/)
    equal((await run(['true'], '../log.sarif')).result.reason, '../log.sarif is not in the checkout.')
    equal(readSarif('{').status, 'broken')
    equal(readSarif('{"version":"2.1.0","runs":[]}').status, 'broken')
    const failed = readSarif(
      sarif({ executionSuccessful: false, toolExecutionNotifications: [{ message: { text: 'out of memory' } }] }),
    )
    deepStrictEqual([failed.status, failed.reason], ['broken', 'The scanner says that it failed: out of memory.'])
    deepStrictEqual(
      failed.findings.map(({ rule, severity, file, line, help }) => [rule, severity, file, line, help]),
      [
        ['sql', 'critical', 'src/a b.ts', 7, 'https://acme.io/sql'],
        ['style', 'low', null, null, null],
      ],
    )
  })
})
