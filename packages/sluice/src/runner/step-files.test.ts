import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { limits } from '../core/limits.ts'
import { parseAssignments, parseDotenv, readStepFiles } from './step-files.ts'

it('assignments are lines with an equals sign, or blocks up to their end', () => {
  const text = 'a=1\r\nb=x=y\n\nc<<END\none\n<<\ntwo=2\nEND\nd=\ne<<E\nE\n'
  assert.deepEqual(parseAssignments(text), {
    values: { a: '1', b: 'x=y', c: 'one\n<<\ntwo=2', d: '', e: '' },
    fault: null,
  })
})

it('what is no assignment is a fault with its line, and what came before it counts', () => {
  assert.deepEqual(parseAssignments('a=1\nb'), {
    values: { a: '1' },
    fault: 'line 2 is neither NAME=value nor NAME<<END: b',
  })
  assert.deepEqual(parseAssignments('a<<END\nx'), {
    values: {},
    fault: 'line 1: the block of a has no "END" to end it',
  })
  assert.deepEqual(parseAssignments('two words=1').fault, 'line 1 is neither NAME=value nor NAME<<END: two words=1')
})

it('a dotenv report has no blocks', () => {
  assert.deepEqual(parseDotenv('# said\nA=x<<y\n\nB="q"\n'), { values: { A: 'x<<y', B: '"q"' }, fault: null })
  assert.equal(parseDotenv('A<<END').fault, 'line 1 is not NAME=value: A<<END')
})

it('what a step puts in the place of its files is not waited for, and not read when it is too large', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-step-'))
  try {
    execFileSync('mkfifo', [join(folder, 'output')])
    await writeFile(join(folder, 'summary'), '')
    await truncate(join(folder, 'summary'), limits.stepFileBytesMax + 1)
    await writeFile(join(folder, 'env'), 'SLUICE_JOB=forged\nMINE=1\n')
    await writeFile(join(folder, 'path'), '/one\n/two\n')
    const { outputs, env, path, summary, faults } = await readStepFiles(folder)
    assert.deepEqual(
      { outputs, env, path, summary },
      { outputs: {}, env: { MINE: '1' }, path: ['/two', '/one'], summary: '' },
    )
    assert.equal(faults.length, 3)
  } finally {
    await rm(folder, { recursive: true })
  }
})
