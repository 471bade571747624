import assert from 'node:assert/strict'
import { readFile, writeFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Lab, logOf, makeLab, never, plan } from '../../test/runner/lab.ts'
import type { DialectEnd, JobDialect, JobShell } from '../ports/dialect.ts'
import type { FolderCache } from './job-shell.ts'
import { limits } from '../core/limits.ts'

let lab: Lab

before(async () => {
  lab = await makeLab()
})
after(() => lab.remove())

const ended: DialectEnd = { outcome: 'succeeded', failedStep: null, exitCode: null, outputs: {} }

/** A dialect whose jobs do what a function does. */
const dialect = (work: (shell: JobShell, signal: AbortSignal) => Promise<DialectEnd>): JobDialect => ({
  outputs: () => Promise.resolve({}),
  resolve: ({ job }) => Promise.resolve({ kind: 'run', job }),
  run: (_request, shell, signal) => work(shell, signal),
})

const job = plan([], { dialect: 'github' })

const bash = (shell: JobShell, script: string, signal: AbortSignal, onLine?: Parameters<JobShell['exec']>[2]) =>
  shell.exec({ argv: ['bash', '-ec', script], env: {}, directory: shell.directory, timeoutMs: null }, signal, onLine)

for (const isolation of ['auto', 'none'] as const) {
  describe(`the machine under a dialect, isolation ${isolation}`, () => {
    const run = (
      name: string,
      work: Parameters<typeof dialect>[0],
      over: Partial<Parameters<Lab['runner']>[0] & object> = {},
    ) =>
      lab
        .runner({ isolation, github: dialect(work), ...over })
        .run(lab.request(`run_${isolation}${name}/job/it`, job), never)

    it('shows each line before it is logged, unmasked and whole, and logs what it is given', async () => {
      const seen: string[] = []
      await run('lines', async (shell, signal) => {
        const end = await bash(
          shell,
          `printf 'one\\ntwo'; sleep 0.01; printf ' more\\r\\n::secret\\nlast'`,
          signal,
          (line, stream) => {
            seen.push(`${stream} ${line}`)
            return line.startsWith('::') ? null : line.toUpperCase()
          },
        )
        assert.deepEqual(end, { kind: 'exited', code: 0 })
        return ended
      })
      assert.deepEqual(seen, ['stdout one', 'stdout two more', 'stdout ::secret', 'stdout last'])
      const lines = await logOf(lab.runner(), `run_${isolation}lines/job/it`)
      assert.deepEqual(lines.slice(1), ['ONE', 'TWO MORE', 'LAST'])
    })

    it('masks a secret wherever a line without an end is handed on, and goes by what its beginning was', async () => {
      const secret = 'a-secret-in-a-long-line'
      const seen: string[] = []
      for (const before of [limits.jobLogLineMax - 10, limits.tappedLineMax - 10, limits.tappedLineMax + 65_526]) {
        await run(`long${before}`, async (shell, signal) => {
          shell.mask(secret)
          const script = (prefix: string): string =>
            `printf %s '${prefix}'; head -c ${before} /dev/zero | tr '\\0' x; printf '${secret} and more\\n::kept\\n'`
          const onLine = (line: string): string | null => {
            seen.push(line.slice(0, 6))
            return line.startsWith('::take') ? null : line
          }
          await bash(shell, script('::take::'), signal, onLine)
          await bash(shell, script(''), signal, onLine)
          return ended
        })
        const text = (await logOf(lab.runner(), `run_${isolation}long${before}/job/it`)).slice(1).join('')
        assert.equal(text.replaceAll(/x+/g, 'x'), '::keptx*** and more::kept')
      }
      assert.deepEqual(seen, Array.from({ length: 3 }, () => ['::take', '::kept', 'xxxxxx', '::kept']).flat())
    })

    it('masks from the moment it is told to, and collects what a job says', async () => {
      const annotation = {
        level: 'failure',
        title: null,
        message: 'broken',
        file: 'file',
        line: 3,
        column: null,
      } as const
      const outcome = await run('says', async (shell, signal) => {
        shell.mask('a-new-secret')
        await bash(shell, 'echo a-new-secret; mkdir -p out; echo x > out/report.xml', signal)
        shell.annotate(annotation)
        shell.summarize('# Fine\n')
        shell.report('junit', 'out/report.xml')
        shell.report('gitlab-sast', 'out/report.xml')
        shell.report('terraform', 'out/report.xml')
        return { ...ended, outputs: { a: 'b' } }
      })
      assert.deepEqual([outcome.annotations, outcome.summary, outcome.outputs], [[annotation], '# Fine\n', { a: 'b' }])
      assert.ok(outcome.evidence !== null)
      assert.deepEqual(
        (await lab.evidence.read(outcome.evidence)).map(({ status, format }) => [status, format]),
        [
          ['unreadable', 'junit'],
          ['unreadable', 'gitlab-security'],
        ],
      )
      assert.ok(
        !(await logOf(lab.runner(), `run_${isolation}says/job/it`)).some((line) => line.includes('a-new-secret')),
      )
    })

    it('shows this process the same files as the job', async () => {
      await run('files', async (shell, signal) => {
        await bash(shell, 'echo made > made; ln -s made link; rm -r folder', signal)
        assert.equal(await readFile(join(shell.directory, 'link'), 'utf8'), 'made\n')
        assert.deepEqual((await readdir(shell.directory)).toSorted(), ['.git', 'file', 'link', 'made'])
        await writeFile(join(shell.directory, 'ours'), 'ours\n')
        assert.deepEqual(await bash(shell, 'test "$(cat ours)" = ours', signal), { kind: 'exited', code: 0 })
        return ended
      })
    })

    it('hands files from job to job of a run, and says which there are when one is missing', async () => {
      await run('keeps', async (shell, signal) => {
        await bash(
          shell,
          'mkdir -p dist/deep; echo app > dist/deep/app; ln -s app dist/deep/link; echo x > dist/y',
          signal,
        )
        await shell.keepArtifact(`${isolation} one`, ['dist', '!dist/y'], signal)
        await assert.rejects(shell.keepArtifact('two', ['nothing/*'], signal), { code: 'artifact_missing' })
        return ended
      })
      await run('takes', async (shell, signal) => {
        assert.deepEqual(await shell.takeArtifact(`${isolation} one`, 'in', signal), [`${isolation} one`])
        const end = await bash(shell, 'test "$(cat in/dist/deep/link)" = app; test ! -e in/dist/y', signal)
        assert.deepEqual(end, { kind: 'exited', code: 0 })
        await assert.rejects(shell.takeArtifact('three', 'in', signal), new RegExp(`there are .*${isolation} one`))
        return ended
      })
    })

    it('reads and writes caches through the workspace', async () => {
      const folder = join(lab.root, `cache-${isolation}`)
      await mkdir(folder)
      const caches: FolderCache = {
        restore: async ({ key, directory }) => {
          const text = await readFile(join(folder, key), 'utf8').catch(() => null)
          if (text === null) return null
          await mkdir(join(directory, 'modules'))
          await writeFile(join(directory, 'modules', 'a'), text)
          return key
        },
        save: async ({ key, directory }) =>
          writeFile(join(folder, key), await readFile(join(directory, 'modules', 'a'))),
      }
      const cache = {
        key: 'npm',
        restoreKeys: [],
        keyFiles: ['file'],
        paths: ['modules'],
        policy: 'pull-push',
        when: 'success',
      } as const
      const cached = plan(['test -e modules/a && echo found || { mkdir modules; echo kept > modules/a; }'], {
        keyedCaches: [cache],
      })
      for (const [attempt, word] of [
        ['first', 'saved'],
        ['second', 'restored'],
      ] as const) {
        const key = `run_${isolation}cache${attempt}/job/it`
        assert.equal(
          (await lab.runner({ isolation, folders: caches }).run(lab.request(key, cached), never)).outcome,
          'succeeded',
        )
        assert.ok((await logOf(lab.runner(), key)).some((line) => line.startsWith('cache npm-') && line.includes(word)))
      }
    })
  })
}

it('a dialect that goes on after its job was called off is called off with it', async () => {
  const called = new AbortController()
  const runner = lab.runner({
    isolation: 'none',
    github: dialect(async (shell, signal) => {
      setImmediate(() => called.abort())
      const end = await bash(shell, 'sleep 60', signal)
      return { ...ended, outcome: end.kind === 'cancelled' ? 'cancelled' : 'failed' }
    }),
  })
  const { outcome, reason } = await runner.run(lab.request('run_1/job/late', job), called.signal)
  assert.deepEqual({ outcome, reason }, { outcome: 'cancelled', reason: null })
})
