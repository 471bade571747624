import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Lab, logOf, makeLab, never, plan, step } from '../../test/runner/lab.ts'
import { contentsOf } from '../core/evidence/collected.ts'
import { limits } from '../core/limits.ts'
import type { JobDialect } from '../ports/dialect.ts'
import type { JobOutcome } from '../ports/runner.ts'
import { keyName } from './key-name.ts'

const secret = 'S3cr3t-Value-abcdef123456'

let lab: Lab

before(async () => {
  lab = await makeLab()
})
after(() => lab.remove())

/** Files of the state directory that hold the text. */
const filesWith = (text: string): readonly string[] => {
  try {
    return execFileSync('grep', ['--recursive', '--files-with-matches', '--fixed-strings', '--', text, lab.stateDir], {
      encoding: 'utf8',
    })
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    // Its exit code when no file has it.
    return []
  }
}

/** Runs it, and waits until what was thrown away is gone. */
const run = async (
  name: string,
  job: ReturnType<typeof plan>,
  over: Parameters<Lab['runner']>[0] = {},
): Promise<JobOutcome> => {
  const runner = lab.runner(over)
  const ended = await runner.run(lab.request(`run_${name}/job/it`, job, { secrets: { TOKEN: secret } }), never)
  await runner.settled()
  return ended
}

const junit = (message: string): string =>
  `<testsuite name="a"><testcase name="b %s" classname="c" file="file"><failure message="${message}">x</failure></testcase></testsuite>`

describe('what a job leaves beside its log', () => {
  it('has no output that holds a secret, in any form and wherever it comes from, and says which were left out', async () => {
    const job = plan(
      [
        `echo "plain=1" >> $SLUICE_OUTPUT; echo "t=it is $TOKEN" >> $SLUICE_OUTPUT
         echo "encoded=$(printf %s "$TOKEN" | base64)" >> $SLUICE_OUTPUT; echo "FROM_FILE=$TOKEN" > report.env`,
      ],
      { outputFiles: ['report.env'] },
    )
    const { outcome, outputs, annotations } = await run('outputs', job)
    const told = ['t', 'encoded', 'FROM_FILE'].map((name) => `Skip output '${name}' since it may contain secret.`)
    assert.deepEqual({ outcome, outputs }, { outcome: 'succeeded', outputs: { plain: '1' } })
    assert.deepEqual(annotations.map(({ message }) => message).toSorted(), told.toSorted())
    const lines = await logOf(lab.runner(), 'run_outputs/job/it')
    for (const line of told) assert.ok(lines.includes(`Warning: ${line}`), lines.join('\n'))
    assert.deepEqual(filesWith(secret), [])
  })

  it('is masked in evidence, also where the reader cut a text inside of the secret', async () => {
    const long = 'x'.repeat(limits.reportTextMax - 10)
    const job = plan(
      [
        `printf '${junit('got %s')}' "$TOKEN" "$TOKEN" > short.xml`,
        `printf '${junit(`${long}%s`)}' b "$TOKEN" > long.xml`,
        `printf 'SF:file\\nDA:%s\\nend_of_record\\n' "$TOKEN" > broken.info`,
      ],
      {
        reports: [
          { format: 'junit', paths: ['short.xml', 'long.xml'] },
          { format: 'lcov', paths: ['broken.info'] },
        ],
      },
    )
    const { evidence } = await run('evidence', job)
    assert.ok(evidence !== null)
    const kept = await lab.evidence.read(evidence)
    const [short, cut] = contentsOf(kept, 'tests').flatMap(({ cases }) => cases)
    assert.deepEqual([short?.name, short?.file, short?.failure?.message], ['b ***', 'file', 'got ***'])
    assert.equal(cut?.failure?.message, `${long}***…`)
    assert.deepEqual(
      kept.filter(({ status }) => status === 'unreadable').map((one) => ('detail' in one ? one.detail : '')),
      ['broken.info: it cannot be read; why is not told, since it holds a secret'],
    )
    assert.deepEqual([...filesWith(secret), ...filesWith(secret.slice(0, 9))], [])
  })

  it('is masked in the names of steps and in what went wrong', async () => {
    const github: JobDialect = {
      outputs: () => Promise.resolve({}),
      resolve: ({ job }) => Promise.resolve({ kind: 'run', job }),
      run: () =>
        Promise.resolve({
          outcome: 'failed',
          failedStep: `deploy with ${secret}`,
          exitCode: 1,
          outputs: { t: secret },
        }),
    }
    const ended = await run('names', plan([], { dialect: 'github' }), { github })
    assert.deepEqual([ended.failedStep, ended.outputs], ['deploy with ***', {}])
    const missing = {
      name: 'a',
      paths: [secret],
      exclude: [],
      glob: false,
      when: 'always',
      ifMissing: 'fail',
      expireMs: null,
    } as const
    const { problem } = await run('problem', plan(['true'], { artifacts: [missing] }))
    assert.equal(problem?.detail, 'artifact a: nothing is at ***')
  })

  it('is masked before a line is quoted that is no assignment', async () => {
    const job = plan([`printf '%${limits.evidenceLineMax - 10}s %s' x "$TOKEN" >> $SLUICE_OUTPUT`])
    await run('quoted', job)
    const lines = await logOf(lab.runner(), 'run_quoted/job/it')
    assert.ok(
      lines.some((line) => line.startsWith('$SLUICE_OUTPUT: line 1 is neither')),
      lines.join('\n'),
    )
    assert.deepEqual(
      lines.filter((line) => line.includes(secret.slice(0, 6))),
      [],
    )
  })

  it('is for nobody else to read where it waits for a later attempt', async () => {
    const job = plan([
      step('echo "E=$TOKEN" >> $SLUICE_ENV; stat -c %a "$(dirname "$SLUICE_ENV")" > mode'),
      'test "$E" = "$TOKEN"; cat mode; exit 1',
    ])
    const { steps } = await run('record', job)
    assert.ok((await logOf(lab.runner(), 'run_record/job/it')).includes('700'))
    // Only checkpoints leave a record.
    if (steps[0]?.isCheckpoint !== true) return
    const record = join(lab.stateDir, 'jobs', keyName('run_record/job/it'), 'steps.json')
    assert.equal((await stat(record)).mode & 0o777, 0o600)
    assert.ok((await readFile(record, 'utf8')).includes('"E"'))
  })
})
