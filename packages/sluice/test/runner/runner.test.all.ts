/** What a job may do to the machine at its worst, and how jobs are kept apart for whoever is not root. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { limits } from '../../src/core/limits.ts'
import { type Lab, logOf, makeLab, never, plan, step } from './lab.ts'

let lab: Lab

before(async () => {
  lab = await makeLab()
})
after(() => lab.remove())

it('a job that floods its log ends as it would have, with its log cut and its memory bounded', async () => {
  const runner = lab.runner()
  const megabytes = Math.ceil(limits.jobLogBytesMax / 1_048_576) + 40
  const job = plan([`head -c ${megabytes}M /dev/zero | tr '\\0' x | fold -w 100; echo`, 'echo after'], {
    timeoutMs: 300_000,
  })
  const { outcome, tail } = await runner.run(lab.request('run_1/job/flood', job), never)
  assert.equal(outcome, 'succeeded')
  assert.ok(tail.includes('after'))
  const { size } = await stat(join(lab.stateDir, 'logs', 'run_1.job.flood.log'))
  assert.ok(size < limits.jobLogBytesMax * 4, `${size} bytes`)
  assert.ok(process.memoryUsage().rss < 600_000_000, `${process.memoryUsage().rss} bytes`)
})

it('a job that forks until it may not any more ends at its timeout, with all of it', async () => {
  const job = plan(['fork() { sleep 30 & setsid sleep 30 & }; for i in $(seq 200); do fork; done; wait'], {
    timeoutMs: 3_000,
  })
  for (const isolation of ['auto', 'none'] as const) {
    const { outcome } = await lab.runner({ isolation }).run(lab.request(`run_1/job/forks-${isolation}`, job), never)
    assert.equal(outcome, 'timed_out')
    const left = execFileSync(
      'sh',
      ['-c', `grep -lz '^SLUICE_JOB_MARK=${lab.stateDir}' /proc/[0-9]*/environ 2>/dev/null | wc -l`],
      { encoding: 'utf8' },
    )
    assert.equal(left.trim(), '0')
  }
})

it(
  'somebody who is not root has the same isolation where the machine allows user namespaces, and stays who they are',
  { skip: process.getuid?.() !== 0 },
  async () => {
    chmodSync(lab.root, 0o777)
    execFileSync('chown', ['-R', '65534:65534', lab.root])
    chownSync(lab.root, 65_534, 65_534)
    const request = lab.request(
      'run_1/job/nobody',
      plan(['id -u; echo two > file; rm -r folder; mkdir folder; echo new > folder/new', step('cat file; ls folder')]),
    )
    const program = `
    const { LocalRunner } = await import(${JSON.stringify(new URL('../../src/runner/runner.ts', import.meta.url).href)})
    const runner = new LocalRunner({ stateDir: ${JSON.stringify(join(lab.root, 'nobody'))}, repository: ${JSON.stringify(lab.repository)}, environment: { PATH: process.env.PATH, HOME: ${JSON.stringify(lab.root)} }, cores: 1, now: Date.now })
    const outcome = await runner.run(${JSON.stringify(request)}, new AbortController().signal)
    await runner.settled()
    const { readdirSync } = await import('node:fs')
    console.log(JSON.stringify({ outcome, left: readdirSync(${JSON.stringify(join(lab.root, 'nobody', 'trash'))}) }))`
    const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      uid: 65_534,
      gid: 65_534,
      cwd: lab.root,
      encoding: 'utf8',
    })
    assert.equal(ran.status, 0, ran.stderr)
    const { outcome, left } = JSON.parse(ran.stdout)
    assert.equal(outcome.outcome, 'succeeded', JSON.stringify(outcome))
    assert.deepEqual(
      outcome.tail.filter((line: string) => /^(?:65534|two|new)$/.test(line)),
      ['65534', 'two', 'new'],
    )
    assert.match(outcome.isolation, /^own processes, files in layers/)
    assert.deepEqual(left, [])
    assert.equal((await logOf(lab.runner(), 'run_1/job/none')).length, 0)
  },
)
