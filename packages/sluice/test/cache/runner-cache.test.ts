import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { localCache } from '../../src/adapters/cache/open.ts'
import { attachmentsOf, contentsOf } from '../../src/core/evidence/collected.ts'
import { commitId, type Commit } from '../../src/core/model.ts'
import { cacheRefOf } from '../../src/core/pipeline/cache/run-cache.ts'
import type { CacheRef } from '../../src/core/pipeline/cache/scope.ts'
import type { JobPlan, TaskCachePlan } from '../../src/core/pipeline/job-plan.ts'
import { cacheAccess } from '../../src/http/cache-access.ts'
import type { JobOutcome, JobRequest } from '../../src/ports/runner.ts'
import type { CacheNotice } from '../../src/runner/cache/shelf.ts'
import { type Lab, logOf, makeLab, never, plan } from '../runner/lab.ts'
import { testSeal } from './opening.ts'

const taskCache: TaskCachePlan = { inputs: ['file'], outputs: ['out/**'], env: [], tools: [], strict: false }
const build = (script: string, over: Partial<JobPlan> = {}): JobPlan => plan([script], { cache: taskCache, ...over })

describe('a runner with caches', () => {
  let lab: Lab
  const notices: CacheNotice[] = []
  before(async () => {
    lab = await makeLab()
  })
  after(() => lab.remove())

  const ref: CacheRef = { kind: 'protected' }
  let count = 0
  /** One job in a process of its own, as it were: a new runner, and everything kept when it is over. */
  const run = async (
    job: JobPlan,
    over: Partial<JobRequest> = {},
    isolation: 'auto' | 'none' = 'auto',
  ): Promise<JobOutcome & { readonly log: readonly string[] }> => {
    const { stateDir } = lab
    const runner = lab.runner({
      isolation,
      caches: {
        seal: testSeal,
        report: (notice) => void notices.push(notice),
        open: ({ bytesMax }) => ({ local: localCache({ stateDir, seal: testSeal, bytesMax }), remotes: [] }),
      },
    })
    const key = `run_1/job/${(count += 1)}`
    const outcome = await runner.run(
      lab.request(key, job, { caching: { ref, remote: null, bytesMax: null }, ...over }),
      never,
    )
    await runner.settled()
    return { ...outcome, log: await logOf(runner, key) }
  }
  const commit = (): Commit => {
    lab.git('add', '--all')
    lab.git('commit', '--quiet', '--message=next')
    return { ...lab.commit, id: commitId(lab.git('rev-parse', 'HEAD')) }
  }

  for (const isolation of ['auto', 'none'] as const) {
    const xml =
      '<testsuite><testcase name="one"><system-out>[[ATTACHMENT|../shots/one.png]]</system-out></testcase></testsuite>'
    const script = `mkdir -p out shots; cat file > out/a; echo shot > shots/one.png; echo "size=3" >> $SLUICE_OUTPUT; echo '${xml}' > out/r.xml; echo made ${isolation}`
    const job = build(script, {
      artifacts: [
        { name: 'app', paths: ['out'], exclude: [], glob: false, when: 'success', ifMissing: 'fail', expireMs: null },
      ],
      reports: [{ format: 'junit', paths: ['out/*.xml'] }],
    })

    it(`gives back what a job made, said and left as evidence (${isolation})`, async () => {
      const first = await run(job, {}, isolation)
      const second = await run(job, {}, isolation)
      const madeOf = ({ outcome, outputs, artifacts, evidence }: JobOutcome) => ({
        outcome,
        outputs,
        artifacts,
        evidence,
      })
      assert.deepEqual(madeOf(second), madeOf(first))
      assert.deepEqual([first.cache ?? null, second.cache?.run], [null, 'run_1'])
      assert.deepEqual([second.artifacts.length, second.evidence === null], [1, false])
      // The file that the report names is no output of the job, and there all the same.
      const files = second.evidence === null ? [] : attachmentsOf(await lab.evidence.read(second.evidence))
      assert.deepEqual(
        files.map(({ path, kept }) => [path, kept?.bytes]),
        [['shots/one.png', 5]],
      )
      assert.ok(second.log[0]?.startsWith('from the cache: unchanged: 1 inputs'), second.log[0])
      assert.deepEqual(
        second.log.filter((line) => line.startsWith('made')),
        [`made ${isolation}`],
      )
      assert.ok(first.log[0]?.startsWith('cache: miss, '), first.log[0])
    })
  }

  it('knows before its turn how a job ends that is in the cache, and nothing of one that is to run or leaves files', async () => {
    const { stateDir } = lab
    const runner = lab.runner({
      isolation: 'none',
      caches: {
        seal: testSeal,
        report: (notice) => void notices.push(notice),
        open: ({ bytesMax }) => ({ local: localCache({ stateDir, seal: testSeal, bytesMax }), remotes: [] }),
      },
    })
    const job = build('echo "size=3" >> $SLUICE_OUTPUT; echo early')
    const ask = (name: string, asked: JobPlan = job): JobRequest =>
      lab.request(`run_early/job/${name}`, asked, { caching: { ref, remote: null, bytesMax: null } })
    assert.equal(await runner.recall(ask('first'), never), null)
    const first = await runner.run(ask('first'), never)
    await runner.settled()
    const known = await runner.recall(ask('second'), never)
    assert.deepEqual([known?.outcome, known?.outputs, known?.cache?.run], ['succeeded', first.outputs, 'run_early'])
    assert.ok((await logOf(runner, 'run_early/job/second')).includes('early'))
    // What was found out before its turn is not found out again, and the job runs.
    const other = build('echo other')
    assert.equal(await runner.recall(ask('third', other), never), null)
    assert.equal((await runner.run(ask('third', other), never)).cache ?? null, null)
    await runner.settled()
    const artifact = {
      name: 'app',
      paths: ['file'],
      exclude: [],
      glob: false,
      when: 'success',
      ifMissing: 'fail',
      expireMs: null,
    } as const
    assert.equal(await runner.recall(ask('fourth', { ...job, artifacts: [artifact] }), never), null)
    assert.equal(await runner.recall(ask('fifth', plan(['true'])), never), null)
  })

  it('masks evidence alike whether a job ran or came out of the cache', async () => {
    const report =
      '<testsuites><testsuite name="s"><testcase name="was $TOKEN" file="folder/inner"/></testsuite></testsuites>'
    const job = build(`mkdir -p out; cat > out/r.xml <<END\n${report}\nEND`, {
      reports: [{ format: 'junit', paths: ['out/*.xml'] }],
    })
    // The name of a folder, too: a file of the commit keeps its path.
    const secrets = { TOKEN: 'folder' }
    const first = await run(job, { secrets })
    const second = await run(job, { secrets })
    assert.deepEqual([first.cache ?? null, second.cache?.run, second.evidence], [null, 'run_1', first.evidence])
    assert.ok(first.evidence !== null)
    const [test] = contentsOf(await lab.evidence.read(first.evidence), 'tests').flatMap(({ cases }) => cases)
    assert.deepEqual([test?.name, test?.file], ['was ***', 'folder/inner'])
  })

  it('runs a job again when an input changed, and says which', async () => {
    const job = build('mkdir out; cp file out/b')
    await run(job)
    writeFileSync(join(lab.repository, 'file'), 'two\n')
    const next = commit()
    const { log, cache } = await run(job, { commit: next })
    assert.equal(cache ?? null, null)
    assert.ok(log.includes('cache: miss, input file changed'), log.join('\n'))
    writeFileSync(join(lab.repository, 'folder', 'inner'), 'no input\n')
    assert.notEqual((await run(job, { commit: commit() })).cache ?? null, null)
  })

  it('keeps no result of a job that changed its inputs, and tells what it wrote besides', async () => {
    for (const isolation of ['auto', 'none'] as const) {
      const job = build(`echo more >> file; echo x > beside-${isolation}; rm folder/inner`)
      const { log } = await run(job, {}, isolation)
      assert.deepEqual(
        log.filter((line) => line.startsWith('cache: the')),
        [
          `cache: the job wrote beside-${isolation}, which is not among its outputs`,
          'cache: the job wrote folder/inner, which is not among its outputs',
          'cache: the job changed its input file',
          'cache: the result is not kept, because it belongs to no inputs',
        ],
      )
      assert.equal((await run(job, {}, isolation)).cache ?? null, null)
    }
  })

  it('fails a strict job that reads what it does not declare, or that nobody can watch', async () => {
    const strict = (script: string) => build(script, { cache: { ...taskCache, strict: true } })
    const { outcome, problem } = await run(strict('cat file folder/inner > /dev/null'))
    assert.equal(outcome, 'failed')
    assert.match(problem?.detail ?? '', /the job read folder\/inner, which is not among its inputs|needs strace/)
    const fine = await run(strict('mkdir out; cat file > out/s; cat out/s'))
    assert.match(`${fine.outcome} ${fine.problem?.detail ?? ''}`, /^succeeded|needs strace/)
  })

  it('never hands what a pull request made to a protected ref', async () => {
    const pull = { caching: { ref: { kind: 'pull_request', number: '7' }, remote: null, bytesMax: null } } as const
    const job = build('mkdir out; echo planted > out/c')
    await run(job, pull)
    assert.notEqual((await run(job, pull)).cache ?? null, null)
    assert.equal((await run(job)).cache ?? null, null)
    assert.notEqual(
      (await run(job, { ...pull, caching: { ...pull.caching, ref: { kind: 'branch', name: 'x' } } })).cache ?? null,
      null,
    )
  })

  it('keeps folders under a key from one job to the next', async () => {
    const keyed = {
      key: 'npm',
      restoreKeys: [],
      keyFiles: ['file'],
      paths: ['modules'],
      policy: 'pull-push',
      when: 'success',
    } as const
    for (const isolation of ['auto', 'none'] as const) {
      const job = plan(['test -e modules/a && echo found || { mkdir modules; echo kept > modules/a; }'], {
        keyedCaches: [{ ...keyed, key: isolation }],
      })
      await run(job, {}, isolation)
      assert.ok((await run(job, {}, isolation)).log.includes('found'))
    }
  })

  it('has nothing to report', () => assert.deepEqual(notices, []))
})

describe('who may use which part of the cache', () => {
  it('follows from what a run is for', () => {
    const refOf = (event: 'manual' | 'push' | 'pull_request' | 'tag' | 'schedule', name: string | null, ref: string) =>
      cacheRefOf({ event, name, inputs: {} }, ref)
    assert.deepEqual(refOf('manual', null, 'HEAD'), { kind: 'protected' })
    assert.deepEqual(refOf('manual', null, 'a1b2c3'), { kind: 'branch', name: 'a1b2c3' })
    assert.deepEqual(refOf('push', 'main', 'a1b2c3'), { kind: 'protected' })
    assert.deepEqual(refOf('push', 'fix', 'a1b2c3'), { kind: 'branch', name: 'fix' })
    // Whoever may push a tag may call it as the main branch is called, or as another's branch.
    assert.deepEqual(refOf('tag', 'v1', 'v1'), { kind: 'branch', name: 'tag:v1' })
    assert.deepEqual(refOf('tag', 'main', 'main'), { kind: 'branch', name: 'tag:main' })
    assert.deepEqual(refOf('push', 'HEAD', 'HEAD'), { kind: 'branch', name: 'HEAD' })
    assert.deepEqual(refOf('push', null, 'HEAD'), { kind: 'protected' })
    assert.deepEqual(refOf('pull_request', '7', 'main'), { kind: 'pull_request', number: '7' })
  })

  it('is decided by the token where a control plane shares its cache', () => {
    const tokens = { all: 'the-token', pull: 'the-other' }
    const ask = (scope: string, token: string) =>
      cacheAccess(
        new Request(`http://localhost/v1/cache/${scope}/entries/keyed`, {
          headers: { authorization: `Bearer ${token}` },
        }),
        tokens,
      )
    assert.deepEqual(ask('protected', 'the-token')?.writes, 'protected')
    assert.deepEqual(ask('protected', 'the-other'), { reads: ['protected'], writes: null })
    assert.deepEqual(ask('branch/main', 'the-other'), { reads: ['protected'], writes: null })
    assert.deepEqual(ask('pull/7', 'the-other'), { reads: ['pull/7', 'protected'], writes: 'pull/7' })
    assert.equal(ask('protected', 'a-guess'), null)
  })
})
