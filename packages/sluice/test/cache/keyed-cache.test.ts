import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { accessOf } from '../../src/core/pipeline/cache/scope.ts'
import { inputReader } from '../../src/runner/cache/inputs.ts'
import { type KeyedCaches, openKeyedCaches, resolveKeyed } from '../../src/runner/cache/keyed-cache.ts'
import { listCheckout } from '../../src/runner/cache/listing.ts'
import { dependencyCache } from '../../src/runner/cache/package-managers.ts'
import { testSeal } from './opening.ts'
import { type CacheProject, makeCacheProject } from './project.ts'

const signal = new AbortController().signal

describe('keyed caches', () => {
  const project: CacheProject = makeCacheProject({ 'package-lock.json': '1\n' })
  const home = join(project.root, 'home')
  after(() => project.remove())

  const open = (access = accessOf({ kind: 'protected' })): KeyedCaches =>
    openKeyedCaches({
      local: project.cache,
      remotes: [],
      seal: testSeal,
      access,
      report: (notice) => void project.notices.push(notice),
      now: Date.now,
      madeBy: 'run_1',
      home,
    })
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }

  it('keeps folders of the workspace, the home and anywhere, and gives them back', async () => {
    const directory = join(project.root, 'w1')
    const elsewhere = join(project.root, 'elsewhere')
    put(join(directory, 'node_modules/a/index.js'), 'a')
    put(join(directory, 'node_modules/.skip/x'), 'x')
    put(join(home, '.npm/_cacache/b'), 'b')
    put(join(elsewhere, 'one.txt'), 'file')
    const paths = ['node_modules', '~/.npm', join(elsewhere, '*.txt'), '!node_modules/.skip']
    const request = { key: 'npm-1', paths, directory }
    assert.deepEqual(await open().save({ ...request, onPresent: 'renew' }, signal), { kind: 'saved' })
    assert.deepEqual(await open().save({ ...request, onPresent: 'renew' }, signal), { kind: 'unchanged' })
    for (const folder of [directory, home, elsewhere]) rmSync(folder, { recursive: true })
    const target = join(project.root, 'w2')
    assert.equal(await open().restore({ ...request, restoreKeys: [], directory: target }, signal), 'npm-1')
    assert.equal(readFileSync(join(target, 'node_modules/a/index.js'), 'utf8'), 'a')
    assert.equal(readFileSync(join(home, '.npm/_cacache/b'), 'utf8'), 'b')
    assert.equal(readFileSync(join(elsewhere, 'one.txt'), 'utf8'), 'file')
    assert.ok(!existsSync(join(target, 'node_modules/.skip')))
    assert.equal(await open().restore({ ...request, restoreKeys: [], paths: ['node_modules'] }, signal), null)
  })

  it('gives back by a whole key only, and whatever the paths, where that is asked for', async () => {
    const directory = join(project.root, 'exact')
    put(join(directory, 'deps/key'), 'whole')
    await open().save({ key: 'whole-1', paths: ['deps'], directory, onPresent: 'renew' }, signal)
    rmSync(directory, { recursive: true })
    const request = { paths: ['other'], directory, isExact: true }
    assert.equal(await open().restore({ ...request, key: 'whole', restoreKeys: ['who'] }, signal), null)
    assert.equal(await open().restore({ ...request, key: 'new', restoreKeys: ['who', 'whole-1'] }, signal), 'whole-1')
    assert.equal(readFileSync(join(directory, 'deps/key'), 'utf8'), 'whole')
  })

  it('takes the exact key first, then the newest whose key begins as wanted, in the order of the plan', async () => {
    const directory = join(project.root, 'w3')
    const save = async (key: string): Promise<void> => {
      put(join(directory, 'deps/key'), key)
      await open().save({ key, paths: ['deps'], directory, onPresent: 'keep' }, signal)
      await new Promise((resolve) => setTimeout(resolve, 12))
    }
    const long = `deps-${'l'.repeat(300)}`
    for (const key of ['deps-a-1', 'deps-a-2', 'deps-b-1', 'deps/ü 1', `${long}-1`, `${long}-2`]) await save(key)
    const restored = async (key: string, ...restoreKeys: string[]): Promise<string | null> => {
      const found = await open().restore({ key, restoreKeys, paths: ['deps'], directory }, signal)
      if (found !== null) assert.equal(readFileSync(join(directory, 'deps/key'), 'utf8'), found)
      return found
    }
    assert.equal(await restored('deps-a-1', 'deps-a-'), 'deps-a-1')
    assert.equal(await restored('deps-a-9', 'deps-a-', 'deps-'), 'deps-a-2')
    assert.equal(await restored('deps-c-9', 'deps-c-', 'deps-b-'), 'deps-b-1')
    assert.equal(await restored('deps/ü 1'), 'deps/ü 1')
    assert.equal(await restored(`${long}-1`), `${long}-1`)
    assert.equal(await restored(`${long}-9`, `${long}-`), `${long}-2`)
    assert.equal(await restored('other', 'deps-x'), null)
  })

  it('leaves what is there alone, or puts a newer one before it, as its dialect has it', async () => {
    const directory = join(project.root, 'w4')
    const request = { key: 'branch', paths: ['state'], directory }
    const read = async (): Promise<string> => {
      rmSync(directory, { recursive: true })
      await open().restore({ ...request, restoreKeys: [] }, signal)
      return readFileSync(join(directory, 'state/file'), 'utf8')
    }
    put(join(directory, 'state/file'), 'first')
    await open().save({ ...request, onPresent: 'keep' }, signal)
    put(join(directory, 'state/file'), 'second')
    assert.deepEqual(await open().save({ ...request, onPresent: 'keep' }, signal), { kind: 'present' })
    assert.equal(await read(), 'first')
    put(join(directory, 'state/file'), 'second')
    assert.deepEqual(await open().save({ ...request, onPresent: 'renew' }, signal), { kind: 'saved' })
    assert.equal(await read(), 'second')
  })

  it('gives a protected ref nothing that a pull request kept', async () => {
    const directory = join(project.root, 'w5')
    const request = { key: 'shared', paths: ['deps'], directory }
    put(join(directory, 'deps/x'), 'malice')
    const pull = accessOf({ kind: 'pull_request', number: '1' })
    await open(pull).save({ ...request, onPresent: 'renew' }, signal)
    assert.equal(await open().restore({ ...request, restoreKeys: ['sha'] }, signal), null)
    assert.equal(await open(pull).restore({ ...request, restoreKeys: [] }, signal), 'shared')
  })

  it('says when there is nothing to keep', async () => {
    const directory = join(project.root, 'w6')
    mkdirSync(directory)
    assert.deepEqual(await open().save({ key: 'none', paths: ['nothing'], directory, onPresent: 'keep' }, signal), {
      kind: 'not_saved',
      because: 'there is nothing at nothing',
    })
  })

  it('finds the downloads of the package manager, under its lockfile', async () => {
    const directory = project.checkout
    const key = async (): Promise<string> => {
      const plan = dependencyCache({ directory, env: {}, platform: 'linux-x64', keep: 'downloads' })
      assert.ok(plan !== null)
      assert.deepEqual([plan.paths, plan.restoreKeys], [['~/.npm'], ['npm-downloads-linux-x64-']])
      return resolveKeyed(plan, inputReader(await listCheckout(directory, signal)), signal)
    }
    const first = await key()
    assert.match(first, /^npm-downloads-linux-x64-[0-9a-f]{64}$/)
    assert.equal(await key(), first)
    project.write({ 'package-lock.json': '2\n' })
    assert.notEqual(await key(), first)
    rmSync(join(directory, 'package-lock.json'))
    assert.equal(dependencyCache({ directory, env: {}, platform: 'linux-x64', keep: 'downloads' }), null)
    project.write({ 'yarn.lock': '# yarn lockfile v1\n' })
    const yarn = dependencyCache({ directory, env: {}, platform: 'linux-x64', keep: 'downloads' })
    assert.deepEqual(yarn?.paths, ['~/.cache/yarn'])
    project.write({ 'pnpm-lock.yaml': '' })
    const installed = dependencyCache({ directory, env: {}, platform: 'linux-x64', keep: 'node_modules' })
    assert.deepEqual(
      [installed?.key, installed?.paths, installed?.restoreKeys],
      ['pnpm-node_modules-linux-x64', ['node_modules'], []],
    )
  })
})
