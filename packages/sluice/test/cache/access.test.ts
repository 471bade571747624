import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { TaskCachePlan } from '../../src/core/pipeline/job-plan.ts'
import { type AccessFindings, checkAccess } from '../../src/runner/cache/access-check.ts'
import { listCheckout } from '../../src/runner/cache/listing.ts'
import { findTracer } from '../../src/runner/cache/tracer.ts'
import { markBeginning } from '../../src/runner/cache/written.ts'
import { type CacheProject, makeCacheProject } from './project.ts'

const signal = new AbortController().signal
const files = {
  'src/a.ts': 'a\n',
  'src/sub/b.ts': 'b\n',
  'config.json': '{}\n',
  'ümläut "x".txt': 'u\n',
  'package-lock.json': '{}\n',
  '.gitignore': 'dist\nnode_modules\ncoverage\n',
}
const plan: TaskCachePlan = {
  inputs: ['src/**', 'package-lock.json'],
  outputs: ['dist/**'],
  env: [],
  tools: [],
  strict: true,
}

/** strace is no part of every machine; where it is not, the error is what can be tested. */
const traceable = ((): boolean => {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe('what a job touches beside what it declares', () => {
  const project: CacheProject = makeCacheProject(files)
  before(() => {
    mkdirSync(join(project.checkout, 'node_modules/left'), { recursive: true })
    writeFileSync(join(project.checkout, 'node_modules/left/index.js'), 'x')
    mkdirSync(join(project.checkout, 'need'))
    writeFileSync(join(project.checkout, 'need/artifact'), 'x')
  })
  after(() => project.remove())

  const check = async (
    script: string,
    argvOf: (argv: readonly string[]) => readonly string[],
    trace: string | null,
  ) => {
    const directory = realpathSync(project.checkout)
    const listing = await listCheckout(directory, signal)
    const beginning = await markBeginning(directory)
    const [program = '', ...words] = argvOf(['sh', '-ec', script])
    execFileSync(program, words, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
    return checkAccess({
      plan,
      directory,
      listing,
      writes: { kind: 'times', beginning },
      traces: trace === null ? [] : [{ file: trace, directory }],
      provided: ['need/**'],
    })
  }
  const told = ({ reads, writes, changedInputs }: AccessFindings) => ({ reads, writes, changedInputs })

  it('finds files that were written or removed and are no outputs, also ignored ones and those with an old date', async () => {
    const script = `
      mkdir -p dist coverage node_modules/new
      echo x > dist/app; echo x > coverage/lcov.info; touch -d '2001-01-01' coverage/lcov.info
      echo x > node_modules/new/index.js; echo x > undeclared; rm config.json; cat src/a.ts`
    const found = await check(script, (argv) => argv, null)
    assert.deepEqual(told(found), {
      reads: [],
      writes: ['config.json', 'coverage/lcov.info', 'undeclared'],
      changedInputs: [],
    })
    assert.equal(found.label, 'writes: file times; reads: not looked at')
    execFileSync('git', ['checkout', '--quiet', 'config.json'], { cwd: project.checkout })
  })

  it('tells inputs that the job changed apart: its result belongs to no key', async () => {
    const found = await check('echo more >> src/a.ts', (argv) => argv, null)
    assert.deepEqual(told(found), { reads: [], writes: [], changedInputs: ['src/a.ts'] })
    assert.deepEqual(found.sentences, ['changed its input src/a.ts'])
  })

  it('finds files that were read and are no inputs, by whatever process and name', { skip: !traceable }, async () => {
    const tracer = await findTracer(process.env)
    const trace = join(project.root, 'trace')
    const script = `
      cat src/a.ts package-lock.json node_modules/left/index.js need/artifact > /dev/null
      (cd src/sub && cat ../../config.json b.ts > /dev/null) & wait
      cat 'ümläut "x".txt' > /dev/null
      mkdir -p dist; echo made > dist/app; cat dist/app; echo t > scratch; cat scratch; mv scratch moved; cat moved; rm moved
      git rev-parse HEAD
      cat missing 2> /dev/null || ls src`
    const found = await check(script, (argv) => tracer.wrap(argv, trace), trace)
    assert.deepEqual(told(found), { reads: ['.git', 'config.json', 'ümläut "x".txt'], writes: [], changedInputs: [] })
    assert.match(tracer.label, /^strace \d/)
    assert.equal(found.label, 'writes: file times; reads: strace')
  })

  it('asks for strace where there is none', async () => {
    await assert.rejects(findTracer({ PATH: join(project.root, 'nowhere') }), (error: Error & { hint?: string }) => {
      assert.match(error.message, /strict needs strace.*not installed/)
      assert.match(error.hint ?? '', /apt-get install strace/)
      return true
    })
  })
})
