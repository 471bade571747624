/** The caches in whole runs, through the command line. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sluice, type } from '../cli/sluice.ts'

type Project = {
  readonly cwd: string
  readonly write: (path: string, text: string) => void
  readonly commit: () => void
}

const config = `export default {
  service: 'shop', version: '1.0.0',
  pipeline: { jobs: {
    build: {
      steps: ['mkdir -p dist; cat src/a.txt > dist/app', 'echo built at $(date +%s%N)'],
      artifacts: { app: 'dist' },
      cache: { inputs: ['src/**'], outputs: ['dist/**'] },
    },
    test: {
      needs: ['build'], steps: 'test -s dist/app; echo tested at $(date +%s%N)',
      cache: { inputs: ['test/**'] },
    },
  } },
}
`

const makeProject = (): Project => {
  const cwd = mkdtempSync(join(tmpdir(), 'sluice-cached-'))
  const git = (...words: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], { cwd })
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  git('init', '--quiet')
  write('.gitignore', '.sluice\n')
  write('sluice.config.ts', config)
  write('src/a.txt', 'one\n')
  write('test/t.txt', 'one\n')
  const commit = (): void => {
    git('add', '--all')
    git('commit', '--quiet', '--message', 'state')
  }
  commit()
  return { cwd, write, commit }
}

type Shown = {
  readonly id: string
  readonly jobs: readonly {
    readonly name: string
    readonly from: { readonly kind: string } | null
    readonly artifacts: readonly { readonly digest: string }[]
  }[]
}

describe('a pipeline with caches', () => {
  const project = makeProject()
  const run = async (...words: readonly string[]): Promise<Shown> => {
    const { code, stdout, stderr } = await sluice(project, 'run', '--json', ...words)
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout).run
  }
  const logOf = async ({ id }: Shown, job: string): Promise<readonly string[]> =>
    (await sluice(project, 'runs', 'logs', id, job, '--raw')).stdout.split('\n')
  const sources = ({ jobs }: Shown) => jobs.map(({ name, from }) => `${name}: ${from?.kind ?? 'ran'}`)
  let first: Shown
  before(async () => {
    first = await run()
  })
  after(() => rmSync(project.cwd, { recursive: true, force: true }))

  it('does nothing twice: artifacts and logs are those of the first time, and the log says so', async () => {
    const second = await run()
    assert.deepEqual(sources(first), ['build: ran', 'test: ran'])
    assert.deepEqual(sources(second), ['build: cache', 'test: cache'])
    assert.deepEqual(second.jobs[0]?.artifacts, first.jobs[0]?.artifacts)
    const printed = (lines: readonly string[]) => lines.filter((line) => / at \d+$/.test(line))
    for (const job of ['build', 'test']) {
      assert.deepEqual(printed(await logOf(second, job)), printed(await logOf(first, job)))
    }
  })

  it('runs again what depends on a change, and says what changed', async () => {
    project.write('test/t.txt', 'two\n')
    project.commit()
    const third = await run()
    assert.deepEqual(sources(third), ['build: cache', 'test: ran'])
    const explained = await sluice(project, 'cache', 'explain', 'test', '--json')
    const { found, because } = JSON.parse(explained.stdout)
    assert.equal(found, 'miss')
    assert.ok(because.includes('input test/t.txt changed'), because.join('; '))
    const { jobs } = await run('--affected', 'HEAD~1')
    assert.deepEqual(
      jobs.map(({ name }) => name),
      ['build', 'test'],
    )
    assert.deepEqual(sources(await run('--no-cache')), ['build: ran', 'test: ran'])
  })

  it('gives back nothing that is not whole, whenever it was killed', async () => {
    for (const waitMs of [0, 40, 80, 120, 160, 200, 260, 320]) {
      project.write('src/a.txt', `${waitMs}\n`)
      project.commit()
      const { child, ended, said } = type(['run'], project)
      await said('job build running')
      await sleep(waitMs)
      child.kill('SIGKILL')
      await ended
      const again = await run()
      assert.deepEqual(again.jobs[0]?.artifacts.length, 1)
      const fresh = await run('--no-cache')
      assert.deepEqual(again.jobs[0]?.artifacts, fresh.jobs[0]?.artifacts)
    }
  })
})
