/** The sample service and the commits that the demo makes of it: what the bad one breaks, and that its own checks do not see it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type } from './cli/sluice.ts'

const storefront = fileURLToPath(new URL('../../../examples/storefront/', import.meta.url))
const run = promisify(execFile)
const chapters = ['1-good', '2-bad', '3-fixed'] as const

/** A copy of the service with the files of the first `count` chapters laid over it. */
const checkoutOf = async (t: TestContext, count: number): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-storefront-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  for (const part of ['package.json', 'src', 'test', 'scripts']) {
    await cp(join(storefront, part), join(directory, part), { recursive: true })
  }
  for (const chapter of chapters.slice(0, count)) {
    await cp(join(storefront, 'demo', chapter, 'files'), directory, { recursive: true })
  }
  return directory
}

/** Asks for every product's page, in a process of its own, and gives the statuses by slug. */
const productStatuses = async (directory: string): Promise<Readonly<Record<string, number>>> => {
  const src = (file: string): string => JSON.stringify(pathToFileURL(join(directory, 'src', file)).href)
  const program = `
    import { products } from ${src('catalogue.js')}
    import { readEnv } from ${src('env.js')}
    import { startServer } from ${src('server.js')}
    const env = readEnv({ PORT: '0' })
    const server = await startServer({ env, version: { version: '0.0.0', commit: 'test' }, log: () => {} })
    const statuses = {}
    for (const { slug } of products) {
      const response = await fetch(\`http://127.0.0.1:\${server.port}/products/\${slug}\`)
      await response.arrayBuffer()
      statuses[slug] = response.status
    }
    process.stdout.write(JSON.stringify(statuses))
    process.exit(0)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program])
  const statuses: unknown = JSON.parse(stdout)
  assert.ok(typeof statuses === 'object' && statuses !== null)
  return Object.fromEntries(Object.entries(statuses).map(([slug, status]) => [slug, Number(status)]))
}

const checks = async (directory: string): Promise<void> => {
  // The runner of this test must not take the service's tests for its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const tests = (await readdir(join(directory, 'test'))).filter((name) => name.endsWith('.test.js'))
  await run(process.execPath, ['scripts/lint.js'], { cwd: directory, env })
  await run(process.execPath, ['--test', ...tests.map((name) => join('test', name))], { cwd: directory, env })
}

const failing = (statuses: Readonly<Record<string, number>>): readonly string[] =>
  Object.keys(statuses).filter((slug) => statuses[slug] !== 200)

test('the good commit serves every product', async (t) => {
  assert.deepEqual(failing(await productStatuses(await checkoutOf(t, 1))), [])
})

test('the bad commit passes its own checks, and answers 500 for a share of the product pages', async (t) => {
  const directory = await checkoutOf(t, 2)
  await checks(directory)
  const statuses = await productStatuses(directory)
  const failed = failing(statuses)
  assert.deepEqual([...new Set(failed.map((slug) => statuses[slug]))], [500])
  const share = failed.length / Object.keys(statuses).length
  assert.ok(share >= 0.05 && share <= 0.3, `${failed.length} of ${Object.keys(statuses).length} pages fail`)
})

test('the fixed commit passes its checks and serves every product', async (t) => {
  const directory = await checkoutOf(t, 3)
  await checks(directory)
  assert.deepEqual(failing(await productStatuses(directory)), [])
})

test('the bad commit changes only what its subject says', async () => {
  const lines = async (path: string): Promise<readonly string[]> =>
    (await readFile(join(storefront, path), 'utf8')).split('\n')
  const before = await lines('src/pages.js')
  const after = new Set(await lines('demo/2-bad/files/src/pages.js'))
  assert.equal(before.filter((line) => !after.has(line)).length, 1)
})

test('a demo that somebody leaves in the middle ends what it has started', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'sluice-left-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  const { child, ended, said, noted } = type(['demo'], { cwd: home })
  await said('git commit')
  const folder = /files (\S+)/.exec(noted())?.[1] ?? ''
  assert.ok(existsSync(folder), noted())
  child.kill('SIGINT')
  const { code, stderr } = await ended
  assert.equal(code, 130, stderr)
  assert.equal(existsSync(folder), false, stderr)
})
