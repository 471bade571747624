/** Built-in steps where they run: in the workspace of a job, as programs. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { builtinSteps } from '../../src/adapters/security/steps.ts'
import type { CollectedReport } from '../../src/core/evidence/collected.ts'
import type { JsonValue } from '../../src/core/pipeline/job-plan.ts'
import { commitId, digest } from '../../src/core/model.ts'
import type { JobOutcome } from '../../src/ports/runner.ts'
import type { LocalRunner } from '../../src/runner/runner.ts'
import { type Lab, logOf, makeLab, never, plan, step } from './lab.ts'

let lab: Lab
let runner: LocalRunner
const ofReports = digest(`sha256:${'1'.repeat(64)}`)
let kept: readonly CollectedReport[] = []

/** No secret of anybody: the form of one, put together here. */
const token = ['ghp', 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5'].join('_')

const run = (name: string, options: JsonValue, more: readonly string[] = []): Promise<JobOutcome> => {
  const builtin = { name: `sluice/${name}`, options }
  const job = plan([...more, step(`sluice/${name}`, { builtin })])
  const base = commitId(lab.git('rev-parse', 'HEAD~1'))
  const commit = { ...lab.commit, id: commitId(lab.git('rev-parse', 'HEAD')) }
  const origin = { branch: 'main', tag: null, base, service: 'orders', startedAt: 1 }
  return runner.run(lab.request(`run_1/${name}`, job, { commit, origin }), never)
}

before(async () => {
  lab = await makeLab()
  const { repository, stateDir } = lab
  runner = lab.runner({
    evidence: {
      keepFile: (pieces) => lab.evidence.keepFile(pieces),
      put: (reports) => {
        kept = reports
        return Promise.resolve(ofReports)
      },
    },
    builtins: builtinSteps({ projectDir: repository, stateDir, sluiceVersion: '0.1.0', now: Date.now }),
  })
  await writeFile(join(repository, 'settings.txt'), `one\ntoken = "${token}"\n`)
  lab.git('add', '.')
  lab.git('commit', '--quiet', '--message=feat: settings')
  lab.git('config', 'user.name', 'Ada')
  lab.git('config', 'user.email', 'ada@example.org')
})
after(() => lab.remove())

describe('a built-in step', () => {
  it('fails its job when it finds something, and says what, where, and never the secret', async () => {
    const { outcome, failedStep, outputs, annotations, summary, evidence } = await run('secret-scan', {})
    assert.deepEqual(
      { outcome, failedStep, outputs },
      { outcome: 'failed', failedStep: 'sluice/secret-scan', outputs: { status: 'findings', findings: '1' } },
    )
    assert.deepEqual(
      annotations.map(({ level, title, file, line }) => ({ level, title, file, line })),
      [{ level: 'failure', title: 'sluice/secret-scan: github/GITHUB_TOKEN', file: 'settings.txt', line: 2 }],
    )
    assert.match(summary, /^\*\*secret-scan\*\*: 1 /)
    assert.equal(evidence, ofReports)
    assert.deepEqual(
      kept.map(({ status, format, path }) => [status, format, path]),
      [['read', 'sarif', 'evidence/0/secret-scan.sarif']],
    )
    const log = (await logOf(runner, 'run_1/secret-scan')).join('\n')
    assert.match(log, /github\/GITHUB_TOKEN settings\.txt:2/)
    assert.ok(!`${log}${summary}${JSON.stringify(annotations)}`.includes(token))
  })

  it('sees what steps before it made, and is broken, and red, where it cannot look', async () => {
    const { outcome, annotations } = await run('sbom', {}, ['test ! -e package-lock.json'])
    assert.deepEqual([outcome, annotations.map(({ title }) => title)], ['failed', ['sluice/sbom is broken']])
    const lock = `echo '{"lockfileVersion":3,"packages":{"":{}}}' > package-lock.json`
    const passed = await run('sbom', {}, [lock])
    assert.deepEqual([passed.outcome, passed.outputs['status']], ['succeeded', 'ok'])
  })

  it('makes a tag that outlives the job', async () => {
    const { outcome, outputs } = await run('release', {})
    assert.deepEqual([outcome, outputs['version'], lab.git('tag')], ['succeeded', '0.1.0', 'v0.1.0'])
  })
})
