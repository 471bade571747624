import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { eventually, type Lab, logOf, makeLab, never, plan, processesWith, step } from '../../test/runner/lab.ts'
import { contentsOf } from '../core/evidence/collected.ts'
import type { PlannedArtifact } from '../core/pipeline/job-plan.ts'
import type { JobRequest } from '../ports/runner.ts'
import type { LocalRunner } from './runner.ts'

let lab: Lab

before(async () => {
  lab = await makeLab()
})
after(() => lab.remove())

/** A number of seconds that nobody else sleeps: what sleeps so long is this test's. */
const uniqueSeconds = (): string => `${60 + Math.floor(Math.random() * 30)}.${Math.floor(Math.random() * 1e9)}`

for (const isolation of ['auto', 'none'] as const) {
  describe(`the local runner, isolation ${isolation}`, () => {
    // A run each: without isolation the jobs of one share their files.
    const key = (name: string): string => `run_${isolation}${name.replace('-', '')}/job/it`

    it('runs steps in order in a checkout of the commit, and sees of this machine only what it should', async () => {
      const runner = lab.runner({ isolation, environment: { PATH: process.env['PATH'], SECRET_OF_THE_MACHINE: 'x' } })
      const job = plan(['cat file; echo two > file; rm -r folder', 'cat file; ls; env'], { env: { MINE: 'yes' } })
      assert.equal((await runner.run(lab.request(key('order'), job), never)).outcome, 'succeeded')
      const lines = await logOf(runner, key('order'))
      for (const line of [
        'one',
        'two',
        'file',
        'MINE=yes',
        'SLUICE_JOB=job',
        'CI=true',
        `SLUICE_COMMIT=${lab.commit.id}`,
      ])
        assert.ok(lines.includes(line), `${line} is not in\n${lines.join('\n')}`)
      assert.ok(!lines.includes('folder') && !lines.some((line) => line.includes('SECRET_OF_THE_MACHINE')))
      assert.match(lines[0] ?? '', /^isolation: /)
    })

    it('keeps jobs of one commit, and the repository, from each other', async () => {
      const runner = lab.runner({ isolation })
      const job = plan([
        'test "$(cat file)" = one; echo mine > file; touch new; git tag -f mine; git add . ; git status --short',
      ])
      for (const name of ['first', 'second']) {
        assert.equal((await runner.run(lab.request(key(name), job), never)).outcome, 'succeeded')
        assert.deepEqual((await logOf(runner, key(name))).slice(-2), ['M  file', 'A  new'])
      }
      assert.equal(lab.git('tag'), '')
    })

    it('stops at the first step that fails, and says which, with its last lines', async () => {
      const job = plan([
        step('echo broken >&2; false | cat', { name: 'breaks' }),
        step('echo never', { name: 'later' }),
      ])
      const { tail, outcome, failedStep, exitCode, reason, steps } = await lab
        .runner({ isolation })
        .run(lab.request(key('fails'), job), never)
      assert.deepEqual(
        { outcome, failedStep, exitCode, reason },
        { outcome: 'failed', failedStep: 'breaks', exitCode: 1, reason: { kind: 'exit_code', code: 1 } },
      )
      assert.deepEqual(
        steps.map((one) => one.outcome),
        ['failed', 'skipped'],
      )
      assert.ok(tail.includes('broken') && !tail.includes('never'))
    })

    it('ends a job at its timeout, with everything it started, even what ignores SIGTERM', async () => {
      const seconds = uniqueSeconds()
      const job = plan([`(trap '' TERM; sleep ${seconds}) & trap '' TERM; sleep ${seconds}`], { timeoutMs: 150 })
      const { outcome, reason } = await lab.runner({ isolation }).run(lab.request(key('slow'), job), never)
      assert.deepEqual({ outcome, reason }, { outcome: 'timed_out', reason: { kind: 'timeout' } })
      assert.equal(processesWith(seconds), 0)
    })

    it('lets what a step left in the background live for the steps after it, and not longer, wherever it went', async () => {
      const seconds = uniqueSeconds()
      const escape = `setsid sh -c 'sleep ${seconds} & exec sleep ${seconds}'`
      const job = plan([
        `${escape} & (${escape} </dev/null >/dev/null 2>&1 &)`,
        `until [ "$(pgrep -fc '^sleep ${seconds}')" = 4 ]; do sleep 0.01; done`,
      ])
      assert.equal((await lab.runner({ isolation }).run(lab.request(key('escape'), job), never)).outcome, 'succeeded')
      assert.equal(processesWith(seconds), 0)
    })

    it('ends a job that is called off gently, then runs what runs in any case', async () => {
      const runner = lab.runner({ isolation })
      const called = new AbortController()
      const job = plan([
        step(`trap 'echo tidied; exit 1' TERM; echo ready; while :; do sleep 0.01; done`, { name: 'works' }),
        step('echo not-this', { name: 'after failures', when: 'failure' }),
        step('echo goodbye', { name: 'in any case', when: 'always' }),
      ])
      const running = runner.run(lab.request(key('cancel'), job), called.signal)
      await eventually(async () => (await logOf(runner, key('cancel'))).includes('ready'))
      called.abort()
      const { outcome, failedStep, steps } = await running
      assert.deepEqual({ outcome, failedStep }, { outcome: 'cancelled', failedStep: 'works' })
      assert.deepEqual(
        steps.map((one) => one.outcome),
        ['cancelled', 'skipped', 'succeeded'],
      )
      const lines = await logOf(runner, key('cancel'))
      assert.ok(lines.includes('tidied') && lines.includes('goodbye') && !lines.includes('not-this'))
    })

    it('ends at once, with what would run in any case, when it is stopped', async () => {
      const runner = lab.runner({ isolation })
      const job = plan([step('echo ready; sleep 60'), step('sleep 60', { when: 'always' })])
      const running = runner.run(lab.request(key('stop'), job), never)
      await eventually(async () => (await logOf(runner, key('stop'))).includes('ready'))
      await runner.stop(key('stop'), never)
      assert.equal((await running).outcome, 'cancelled')
    })

    it('carries what a step says to the steps after it and to the outcome', async () => {
      const job = plan(
        [
          `echo name=value >> "$SLUICE_OUTPUT"; printf 'text<<END\\na\\nb\\nEND\\n' >> "$SLUICE_OUTPUT"; echo SET=1 >> "$SLUICE_ENV"
           mkdir tools; printf '#!/bin/sh\\necho tool' > tools/my-tool; chmod +x tools/my-tool; echo "$PWD/tools" >> "$SLUICE_PATH"; echo '# Done' >> "$SLUICE_SUMMARY"`,
          'test "$SET" = 1; test "$(my-tool)" = tool; echo name=other >> "$SLUICE_OUTPUT"; echo FROM=file > report.env',
        ],
        { outputFiles: ['report.env'] },
      )
      const { outcome, outputs, summary } = await lab.runner({ isolation }).run(lab.request(key('says'), job), never)
      assert.deepEqual(
        { outcome, outputs, summary },
        { outcome: 'succeeded', outputs: { name: 'other', text: 'a\nb', FROM: 'file' }, summary: '# Done\n' },
      )
    })

    it('gives what a later job is given, and keeps what it should', async () => {
      const runner = lab.runner({ isolation })
      const artifact = {
        exclude: ['dist/*.map'],
        glob: true,
        when: 'success',
        ifMissing: 'fail',
        expireMs: null,
      } as const
      const builds = plan(['mkdir -p dist/deep; echo app > dist/deep/app; touch dist/x.map'], {
        artifacts: [{ name: 'app', paths: ['dist/**'], ...artifact }],
      })
      const { artifacts } = await runner.run(lab.request(key('builds'), builds), never)
      assert.equal(artifacts.length, 1)
      const uses = plan(['cat dist/deep/app; test ! -e dist/x.map; echo changed > dist/deep/app; ls'])
      for (const name of ['uses', 'uses-again']) {
        assert.equal(
          (await runner.run(lab.request(key(name), uses, { inputs: artifacts }), never)).outcome,
          'succeeded',
        )
        assert.ok((await logOf(runner, key(name))).includes('app'))
      }
      const missing = await runner.run(lab.request(key('misses'), { ...builds, steps: [step('true')] }), never)
      assert.deepEqual(
        { outcome: missing.outcome, code: missing.problem?.code },
        { outcome: 'failed', code: 'artifact_missing' },
      )
    })

    it('keeps what reports say by content, also of a job that failed, and what is missing', async () => {
      const runner = lab.runner({ isolation })
      const text = '<testsuite><testcase name="adds" file="$PWD/a.ts"/></testsuite>'
      const job = plan([`mkdir out; echo "${text.replaceAll('"', String.raw`\"`)}" > out/junit.xml; exit 1`], {
        reports: [{ format: 'junit', paths: ['out/*.xml', 'more.xml'] }],
      })
      const { evidence } = await runner.run(lab.request(key('evidence'), job), never)
      assert.ok(evidence !== null)
      const collected = await lab.evidence.read(evidence)
      assert.deepEqual(
        collected.map(({ status, path }) => [status, path]),
        [
          ['read', 'out/junit.xml'],
          ['missing', 'more.xml'],
        ],
      )
      // The place where the job worked says nothing to anybody later.
      assert.deepEqual(
        contentsOf(collected, 'tests').flatMap(({ cases }) => cases.map(({ id, file }) => [id, file])),
        [['a.ts > adds', 'a.ts']],
      )
      await runner.settled()
      await assert.rejects(stat(join(lab.stateDir, 'jobs', key('evidence').replaceAll('/', '.'))))
    })

    it('works in a folder that it is given', async () => {
      const directory = join(lab.root, `given-${isolation}`)
      await mkdir(directory)
      const job = plan(['pwd > where'])
      assert.equal(
        (await lab.runner({ isolation }).run(lab.request(key('given'), job, { directory }), never)).outcome,
        'succeeded',
      )
      assert.equal((await readFile(join(directory, 'where'), 'utf8')).trim(), directory)
    })
  })
}

const keptArtifact = (path: string): PlannedArtifact => ({
  name: path,
  paths: [path],
  exclude: [],
  glob: false,
  when: 'success',
  ifMissing: 'fail',
  expireMs: null,
})

describe('jobs of a run without isolation', () => {
  it('work in one checkout, from the first to the last, across a restart, and beside those of another run', async () => {
    const first = lab.runner({ isolation: 'none' })
    const made = await first.run(
      lab.request(
        'run_shared/job/one',
        plan(['echo made > made; echo two > file'], { artifacts: [keptArtifact('made')] }),
      ),
      never,
    )
    const inputs = made.artifacts
    const job = plan(['cat file made; echo changed > made'])
    for (const [runner, name, lines] of [
      [first, 'two', ['two', 'made']],
      [first, 'three', ['two', 'changed']],
      // Nobody knows any more whether the artifact is there: it is put there again.
      [lab.runner({ isolation: 'none' }), 'four', ['two', 'made']],
    ] as const) {
      const request = lab.request(`run_shared/job/${name}`, job, { inputs })
      assert.equal((await runner.run(request, never)).outcome, 'succeeded')
      assert.deepEqual((await logOf(runner, request.key)).slice(-2), lines)
    }
    const other = lab.request('run_other/job/one', plan(['cat file; test ! -e made']))
    assert.equal((await first.run(other, never)).outcome, 'succeeded')
    assert.deepEqual((await logOf(first, other.key)).slice(-1), ['one'])
    assert.match((await logOf(first, other.key))[0] ?? '', /^isolation: none, one checkout for all jobs of the run/)
  })

  it('do not fail with one that was called off while it made the checkout', async () => {
    const runner = lab.runner({ isolation: 'none' })
    const [called, waiting] = ['called', 'waiting'].map((name) =>
      lab.request(`run_off/job/${name}`, plan(['cat file'])),
    )
    assert.ok(called !== undefined && waiting !== undefined)
    const off = new AbortController()
    const both = [runner.run(called, off.signal), runner.run(waiting, never)]
    off.abort()
    assert.deepEqual(
      (await Promise.all(both)).map(({ outcome }) => outcome),
      ['cancelled', 'succeeded'],
    )
  })
})

describe('steps of the local runner', () => {
  const runner = (): LocalRunner => lab.runner({ isolation: 'none' })

  it('go by their conditions, shells, folders and limits', async () => {
    const job = plan([
      step('exit 3', { name: 'may fail', continueOnError: true }),
      step('sleep 60', { name: 'is slow', timeoutMs: 50, continueOnError: true }),
      step('console.log(process.cwd())', {
        name: 'another shell',
        shell: ['node', '{0}'],
        workingDirectory: 'folder',
      }),
      step('true', { name: 'no such shell', shell: ['no-such-shell', '{0}'] }),
      step('echo $REASON', { name: 'on failure', when: 'failure', env: { REASON: 'because' } }),
      step('echo x', { name: 'on success' }),
    ])
    const { outcome, failedStep, reason, steps, tail } = await runner().run(
      lab.request('run_1/job/conditions', job),
      never,
    )
    assert.deepEqual(
      { outcome, failedStep, reason },
      { outcome: 'failed', failedStep: 'no such shell', reason: { kind: 'system_failure' } },
    )
    assert.deepEqual(
      steps.map((one) => [one.outcome, one.exitCode]),
      [
        ['failed', 3],
        ['timed_out', null],
        ['succeeded', 0],
        ['failed', null],
        ['succeeded', 0],
        ['skipped', null],
      ],
    )
    assert.ok(tail.some((line) => line.endsWith('/checkout/folder')) && tail.includes('because'))
  })

  it('fail when what they say cannot be read', async () => {
    const job = plan(['echo no-equals-sign >> "$SLUICE_OUTPUT"', 'echo never'])
    const { outcome, tail } = await runner().run(lab.request('run_1/job/garbled', job), never)
    assert.equal(outcome, 'failed')
    assert.ok(tail.some((line) => line.startsWith('$SLUICE_OUTPUT: line 1 is neither')))
  })

  it('have outputs of jobs before as variables where the plan says so, and secrets that no variable hides', async () => {
    const needs = [{ name: 'build', result: 'success', outputs: { VERSION: '7' } }] as const
    const job = plan(
      ['test "$VERSION" = 7; test "$TOKEN" = correct-horse-battery; echo "$TOKEN" | base64; echo "$TOKEN"'],
      { envOfNeeds: true, env: { TOKEN: 'mine' } },
    )
    const local = runner()
    const secrets = { TOKEN: 'correct-horse-battery' }
    assert.equal((await local.run(lab.request('run_1/job/needs', job, { needs, secrets }), never)).outcome, 'succeeded')
    const text = (await logOf(local, 'run_1/job/needs')).join('\n')
    assert.ok(
      text.includes('***') && !text.includes('correct-horse') && !text.includes('Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5'),
      text,
    )
  })
})

describe('what a machine without isolation does', () => {
  const environment = { PATH: join('/nowhere', 'bin') }

  it('refuses jobs that must be isolated, and says what to install', async () => {
    const { outcome, problem } = await lab
      .runner({ isolation: 'required', environment })
      .run(lab.request('run_1/job/required', plan(['true'])), never)
    assert.deepEqual({ outcome, code: problem?.code }, { outcome: 'failed', code: 'tool_missing' })
  })
})

describe('a job whose control plane was killed', () => {
  const program = (request: JobRequest, isolation: string): string => `
    const { LocalRunner } = await import(${JSON.stringify(new URL('./runner.ts', import.meta.url).href)})
    const environment = { PATH: process.env.PATH }
    const runner = new LocalRunner({ stateDir: ${JSON.stringify(lab.stateDir)}, repository: ${JSON.stringify(lab.repository)}, environment, cores: 1, now: Date.now, isolation: '${isolation}' })
    await runner.run(${JSON.stringify(request)}, new AbortController().signal)`

  const killedIn = async (request: JobRequest, isolation: string, word: string): Promise<void> => {
    const plane = spawn(process.execPath, ['--input-type=module', '--eval', program(request, isolation)], {
      stdio: 'inherit',
    })
    await eventually(async () => (await logOf(lab.runner(), request.key)).includes(word))
    const ended = new Promise((resolve) => plane.once('exit', resolve))
    plane.kill('SIGKILL')
    await ended
  }

  it('ends with it, or by the next one at the latest', async () => {
    const { kind } = await lab.runner().isolation()
    for (const isolation of ['auto', 'none']) {
      const seconds = uniqueSeconds()
      const request = lab.request(
        `run_1/job/killed-${isolation}`,
        plan([`(setsid sleep ${seconds} &) ; trap '' PIPE; echo ready; sleep ${seconds}`]),
      )
      await killedIn(request, isolation, 'ready')
      if (isolation === 'none' || kind === 'none') await lab.runner().stop(request.key, never)
      await eventually(() => processesWith(seconds) === 0)
    }
  })

  it('goes on after the last step that was done, or from the beginning where there are no layers', async () => {
    const marker = join(lab.root, 'marker')
    const job = plan([
      step(`echo first >> ${marker}; echo made > made; echo A=1 >> "$SLUICE_ENV"; echo out=put >> "$SLUICE_OUTPUT"`, {
        name: 'first',
      }),
      step(`echo half > half; echo ready; test -e ${marker}.go || sleep 60; ls; cat made; test "$A" = 1`, {
        name: 'second',
      }),
    ])
    const request = lab.request('run_1/job/resumed', job, { from: { kind: 'interrupted' } })
    await killedIn(request, 'auto', 'ready')
    await writeFile(`${marker}.go`, '')
    const isolation = await lab.runner().isolation()
    const hasLayers = isolation.kind === 'layers' && isolation.overlay.renames
    const { outcome, outputs } = await lab.runner().run(request, never)
    assert.deepEqual({ outcome, outputs }, { outcome: 'succeeded', outputs: { out: 'put' } })
    assert.equal(await readFile(marker, 'utf8'), hasLayers ? 'first\n' : 'first\nfirst\n')
  })

  it('begins with a step of another attempt where there is a checkpoint before it, and refuses where there is none', async () => {
    const isolation = await lab.runner().isolation()
    const hasLayers = isolation.kind === 'layers' && isolation.overlay.renames
    const job = plan(['echo made > made; mv folder renamed', 'test -e /nowhere/at/all', 'echo end'])
    const failed = await lab.runner().run(lab.request('run_1/job/attempt-1', job), never)
    assert.deepEqual(
      failed.steps.map((one) => one.isCheckpoint),
      [hasLayers, false, false],
    )
    const corrected = {
      ...job,
      steps: job.steps.map((one, index) => (index === 1 ? { ...one, run: 'cat made; test -e renamed/inner' } : one)),
    }
    const again = (begin: number, attempt: string) =>
      lab.runner().run(
        lab.request(`run_1/job/${attempt}`, corrected, {
          from: { kind: 'step', key: 'run_1/job/attempt-1', step: begin },
        }),
        never,
      )
    const second = await again(1, 'attempt-2')
    assert.equal(second.outcome, hasLayers ? 'succeeded' : 'failed')
    const third = await again(2, 'attempt-3')
    assert.deepEqual(
      { outcome: third.outcome, code: third.problem?.code },
      { outcome: 'failed', code: 'command_conflict' },
    )
  })
})
