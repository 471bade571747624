import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { secretSeal } from '../../src/adapters/cache/seal.ts'
import { httpCache } from '../../src/adapters/cache/http-store.ts'
import type { UndeclaredAccess } from '../../src/core/pipeline/cache/access.ts'
import { accessOf } from '../../src/core/pipeline/cache/scope.ts'
import type { JobPlan } from '../../src/core/pipeline/job-plan.ts'
import { digestFiles } from '../../src/runner/cache/content-digest.ts'
import type { LookupRequest, TaskCache, TaskHit, TaskMiss } from '../../src/runner/cache/task-cache.ts'
import { openFolderCache } from './opening.ts'
import { cachedJob, type CacheProject, makeCacheProject } from './project.ts'

const signal = new AbortController().signal
const files = { 'src/a.ts': 'a\n', 'src/b.ts': 'b\n', 'README.md': 'read\n', '.gitignore': 'dist\n' }

describe('the task cache', () => {
  const project: CacheProject = makeCacheProject(files)
  let count = 0
  after(() => project.remove())

  const ask = (job: JobPlan, more: Partial<LookupRequest> = {}): LookupRequest => ({
    job,
    upstream: [],
    secrets: {},
    ...more,
  })
  const miss = async (cache: TaskCache, request: LookupRequest): Promise<TaskMiss> => {
    const found = await cache.lookup(request, signal)
    return found.kind === 'miss' ? found : assert.fail('it was found')
  }
  const hit = async (cache: TaskCache, request: LookupRequest): Promise<TaskHit> => {
    const found = await cache.lookup(request, signal)
    return found.kind === 'hit' ? found : assert.fail(`it was not found: ${found.because.join()}`)
  }
  const workspace = (): string => {
    count += 1
    const directory = join(project.root, `workspace-${count}`)
    mkdirSync(join(directory, 'dist'), { recursive: true })
    return directory
  }
  /** Stands for a run of the job that leaves these files. */
  const store = async (
    cache: TaskCache,
    request: LookupRequest,
    left: Readonly<Record<string, string>>,
  ): Promise<TaskMiss> => {
    const missed = await miss(cache, request)
    const directory = workspace()
    for (const [path, content] of Object.entries(left)) writeFileSync(join(directory, path), content)
    const logPath = join(directory, 'log')
    writeFileSync(logPath, 'line of the log\n')
    const plan = request.job.cache ?? assert.fail('it has a cache')
    assert.equal(
      (await cache.store(missed, { plan, directory, outputs: { v: '1' }, logPath, findings: null }, signal)).kind,
      'stored',
    )
    return missed
  }
  const plan = cachedJob().cache ?? assert.fail('it has a cache')

  it('gives files, modes, links, outputs and log of an unchanged job back, and takes old outputs away', async () => {
    const job = cachedJob({}, { name: 'whole' })
    const first = project.open()
    const missed = await miss(first, ask(job))
    const made = workspace()
    mkdirSync(join(made, 'dist/deep/er'), { recursive: true })
    writeFileSync(join(made, 'dist/deep/er/file'), 'content')
    writeFileSync(join(made, 'dist/empty'), '')
    writeFileSync(join(made, 'dist/large'), Buffer.alloc(1_500_000, 'large'))
    writeFileSync(join(made, 'dist/run'), '#!/bin/sh\n')
    chmodSync(join(made, 'dist/run'), 0o755)
    symlinkSync('deep/er/file', join(made, 'dist/link'))
    writeFileSync(join(made, 'not-an-output'), 'x')
    const logPath = join(made, 'log')
    writeFileSync(logPath, 'line\n')
    const stored = await first.store(
      missed,
      { plan, directory: made, outputs: { url: 'u' }, logPath, findings: null },
      signal,
    )

    const found = await hit(project.open(), ask(job))
    assert.deepEqual(stored, { kind: 'stored', digest: found.entry.digest })
    assert.deepEqual(found.entry.outputs, { url: 'u' })
    assert.match(found.because.join('\n'), /unchanged: 2 inputs.*made by run_1 \(protected\)/s)
    const directory = workspace()
    writeFileSync(join(directory, 'dist/left-over'), 'of an earlier run')
    writeFileSync(join(directory, 'dist/run'), 'of an earlier run')
    const log = join(directory, 'logs', 'job')
    assert.equal(await project.open().restore(found, { plan, directory, logPath: log }, signal), 'restored')
    assert.deepEqual(readdirSync(join(directory, 'dist')).toSorted(), ['deep', 'empty', 'large', 'link', 'run'])
    assert.deepEqual(readdirSync(directory).toSorted(), ['dist', 'logs'])
    for (const path of ['dist/deep/er/file', 'dist/empty', 'dist/large', 'dist/run'])
      assert.deepEqual(readFileSync(join(directory, path)), readFileSync(join(made, path)), path)
    assert.equal(readlinkSync(join(directory, 'dist/link')), 'deep/er/file')
    assert.equal(lstatSync(join(directory, 'dist/run')).mode & 0o777, 0o755)
    assert.equal(readFileSync(log, 'utf8'), 'line\n')
    assert.deepEqual(project.notices, [])
    // What was given is a copy: a job that changes it changes nothing of the cache.
    writeFileSync(join(directory, 'dist/large'), 'changed')
    const again = workspace()
    assert.equal(await project.open().restore(found, { plan, directory: again, logPath: null }, signal), 'restored')
    assert.equal(readFileSync(join(again, 'dist/large')).length, 1_500_000)
  })

  it('says exactly what changed, and never the value of a variable', async () => {
    const tools = { 'node --version': 'v24', 'cc --version': 'cc 12' }
    const job = cachedJob({ env: ['API', 'TOKEN', 'UNSET'], tools: Object.keys(tools) }, { name: 'told' })
    const request = ask(job, {
      upstream: [{ name: 'prepare', outputs: { version: '1' }, artifacts: { dist: 'sha256:1' } }],
      secrets: { TOKEN: 'first-secret' },
    })
    const open = (said: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>): TaskCache =>
      project.open({ tools: () => Promise.resolve(said), env })
    await store(open(tools, { API: 'http://one' }), request, {})
    assert.equal((await open(tools, { API: 'http://one' }).lookup(request, signal)).kind, 'hit')

    project.write({ 'src/a.ts': 'changed\n', 'src/c.ts': 'new\n', 'README.md': 'not an input\n' })
    const steps = job.steps.map((step) => ({ ...step, run: 'make all' }))
    const changed = ask(
      { ...job, steps },
      {
        upstream: [{ name: 'prepare', outputs: { version: '2' }, artifacts: { dist: 'sha256:1' } }],
        secrets: { TOKEN: 'second-secret' },
      },
    )
    const cache = open({ ...tools, 'node --version': 'v26' }, { API: 'http://two', UNSET: 'now set' })
    const { because } = await miss(cache, changed)
    assert.deepEqual(
      because.map((line) => line.replaceAll(/[0-9a-f]{8}/g, '…')),
      [
        'step 1 (compile) is not what it was',
        'environment variable API changed (digest … → …)',
        'environment variable TOKEN changed (digest … → …)',
        'environment variable UNSET is new',
        '`node --version` changed: v24 → v26',
        'output version of prepare changed',
        'input src/a.ts changed',
        'input src/c.ts is new',
        'compared with run_1',
      ],
    )
    assert.ok(!/secret|http/.test(because.join()))
    project.write({ 'src/a.ts': 'a\n', 'README.md': 'read\n' })
  })

  it('has the same key for a file whether it is committed, staged, changed back or not known to git yet', async () => {
    const job = cachedJob({}, { name: 'same' })
    project.write({ 'src/new.ts': 'new\n' })
    const untracked = await miss(project.open(), ask(job))
    project.commit()
    const committed = await miss(project.open(), ask(job))
    project.write({ 'src/new.ts': 'other\n' })
    const dirty = await miss(project.open(), ask(job))
    project.write({ 'src/new.ts': 'new\n' })
    const back = await miss(project.open(), ask(job))
    chmodSync(join(project.checkout, 'src/new.ts'), 0o755)
    const executable = await miss(project.open(), ask(job))
    chmodSync(join(project.checkout, 'src/new.ts'), 0o644)
    assert.deepEqual([committed.key, back.key], [untracked.key, untracked.key])
    assert.equal(new Set([untracked.key, dirty.key, executable.key]).size, 3)
  })

  it('names a result by its content, whatever made it: what jobs after it depend on', async () => {
    const digests = ['digest of files', 'digest of files again'].map(async (name) => {
      const cache = project.open()
      const missed = await miss(cache, ask(cachedJob({}, { name })))
      const directory = workspace()
      writeFileSync(join(directory, 'dist/file'), 'content')
      symlinkSync('file', join(directory, 'dist/link'))
      const request = { plan, directory, outputs: {}, logPath: null, findings: null }
      const stored = await cache.store(missed, request, signal)
      return [stored.kind === 'stored' ? stored.digest : null, await digestFiles(directory, plan.outputs, signal)]
    })
    assert.equal(new Set((await Promise.all(digests)).flat()).size, 1)
  })

  it('does not depend on what is no part of the result: timeouts, retries, budgets, other files', async () => {
    const job = cachedJob({}, { name: 'stable' })
    const other = { ...job, timeoutMs: 1, retry: { attemptsMax: 3, backoffMs: 1, on: [] }, stage: 'test' }
    const [one, two] = [await miss(project.open(), ask(job)), await miss(project.open(), ask(other))]
    assert.equal(one.key, two.key)
    const byMachine = await miss(project.open({ platform: 'darwin-arm64' }), ask(job))
    assert.notEqual(byMachine.key, one.key)
  })

  it('never gives a protected ref what a pull request made, though the pull request may use what protected refs made', async () => {
    const [attacked, shared] = [cachedJob({}, { name: 'attacked' }), cachedJob({}, { name: 'shared' })]
    const pull = accessOf({ kind: 'pull_request', number: '7' })
    // The attack of CVE-2025-36852: the key of the commit that will be merged is known, so its result is planted before.
    await store(project.open({ access: pull }), ask(attacked), { 'dist/app': 'malice' })
    await hit(project.open({ access: pull }), ask(attacked))
    await miss(project.open(), ask(attacked))
    await miss(project.open({ access: accessOf({ kind: 'pull_request', number: '8' }) }), ask(attacked))
    await store(project.open(), ask(shared), { 'dist/app': 'good' })
    assert.equal((await hit(project.open({ access: pull }), ask(shared))).entry.place.scope, 'protected')
  })

  it('does not use an entry that was moved from another scope, forged, or written with another key', async () => {
    const job = cachedJob({}, { name: 'forged' })
    const pull = accessOf({ kind: 'pull_request', number: '9' })
    await store(project.open({ access: pull }), ask(job), { 'dist/app': 'malice' })
    const mine = await hit(project.open({ access: pull }), ask(job))
    const { place } = mine.entry
    const text = readFileSync(join(project.root, 'cache', place.scope, 'entries', place.group, place.name), 'utf8')
    const folder = join(project.root, 'cache', 'protected', 'entries', place.group)
    const [signature = '', body = ''] = text.split('\n')
    const moved = body.replace('"scope":"pull/9"', '"scope":"protected"')
    const foreign = secretSeal(Buffer.alloc(32, 8)).sign(`sluice cache entry 1\n${moved}`)
    for (const planted of [text, `${signature}\n${moved}\n`, `${foreign}\n${moved}\n`, '', text.slice(0, 90)]) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, place.name), planted)
      const before = project.notices.length
      await miss(project.open(), ask(job))
      assert.deepEqual(
        project.notices.slice(before).map(({ kind }) => kind),
        ['refused'],
      )
      assert.ok(!existsSync(join(folder, place.name)), 'it does not stand in the way of a good one')
    }
    await store(project.open(), ask(job), { 'dist/app': 'good' })
    await hit(project.open(), ask(job))
  })

  it('leaves the workspace as it was when a blob was tampered with or is gone, and the next run makes the result again', async () => {
    for (const size of [10, 1_000_000]) {
      const job = cachedJob({}, { name: `tampered ${size}` })
      await store(project.open(), ask(job), { 'dist/app': 'x'.repeat(size), 'dist/other': 'y' })
      const found = await hit(project.open(), ask(job))
      const part = found.entry.files.find(({ path }) => path === 'dist/app')
      const blob = part?.kind === 'file' ? found.entry.blobs[part.part.blob] : undefined
      assert.ok(blob !== undefined)
      const path = project.cache.blobPath({ scope: 'protected', sha256: blob.sha256 })
      writeFileSync(path, readFileSync(path).fill('m', 0, 1))
      const directory = workspace()
      writeFileSync(join(directory, 'dist/app'), 'mine')
      assert.equal(await project.open().restore(found, { plan, directory, logPath: null }, signal), 'damaged')
      assert.deepEqual(readdirSync(directory), ['dist'])
      assert.deepEqual(readdirSync(join(directory, 'dist')), ['app'])
      assert.equal(readFileSync(join(directory, 'dist/app'), 'utf8'), 'mine')
      await store(project.open(), ask(job), { 'dist/app': 'x'.repeat(size) })
      await hit(project.open(), ask(job))
    }
  })

  it('does not write through a link that stands in the workspace', async () => {
    const job = cachedJob({}, { name: 'through' })
    await store(project.open(), ask(job), { 'dist/app': 'content' })
    const directory = join(project.root, 'linked')
    mkdirSync(join(directory, 'outside'), { recursive: true })
    symlinkSync('outside', join(directory, 'dist'))
    const found = await hit(project.open(), ask(job))
    assert.equal(await project.open().restore(found, { plan, directory, logPath: null }, signal), 'damaged')
    assert.deepEqual(readdirSync(join(directory, 'outside')), [])
  })

  it('keeps nothing of a job whose outputs hold a link that leads out, and says so', async () => {
    const cache = project.open()
    const missed = await miss(cache, ask(cachedJob({}, { name: 'link out' })))
    const directory = workspace()
    symlinkSync('../../elsewhere', join(directory, 'dist/link'))
    const outcome = await cache.store(missed, { plan, directory, outputs: {}, logPath: null, findings: null }, signal)
    assert.deepEqual(outcome, {
      kind: 'not_stored',
      because: 'the link dist/link → ../../elsewhere leads out of the folder, or may with another link',
    })
    assert.equal(project.notices.at(-1)?.kind, 'not_stored')
  })

  it('keeps nothing that would be wrong for the next: inputs that the job changed, and of a strict job whatever is undeclared', async () => {
    const cache = project.open()
    const missed = await miss(cache, ask(cachedJob({}, { name: 'unfit' })))
    const clean: UndeclaredAccess = { reads: [], writes: [], changedInputs: [] }
    const store = (strict: boolean, findings: Partial<UndeclaredAccess>) => {
      const request = { plan: { ...plan, strict }, directory: workspace(), outputs: {}, logPath: null }
      return cache.store(missed, { ...request, findings: { ...clean, ...findings } }, signal)
    }
    const becauseOf = (because: string) => ({ kind: 'not_stored', because })
    assert.deepEqual(
      await store(false, { changedInputs: ['src/a.ts'] }),
      becauseOf('the job changed its input src/a.ts'),
    )
    const read = { reads: ['config.json'] }
    assert.deepEqual(await store(true, read), becauseOf('the job read config.json, which is not among its inputs'))
    assert.equal((await store(false, read)).kind, 'stored')
    assert.equal((await store(true, {})).kind, 'stored')
  })

  it('shares results by a remote cache, and does without one that fails', async () => {
    const job = cachedJob({}, { name: 'remote' })
    const far = await openFolderCache()
    const near = await openFolderCache()
    try {
      const sender = project.open({ remotes: [far.cache] })
      await store(sender, ask(job), { 'dist/app': 'from afar', 'dist/large': 'z'.repeat(400_000) })
      await sender.settle()
      const found = await hit(project.open({ local: near.cache, remotes: [far.cache] }), ask(job))
      const directory = workspace()
      const restorer = project.open({ local: near.cache })
      assert.equal(await restorer.restore(found, { plan, directory, logPath: null }, signal), 'restored')
      assert.equal(readFileSync(join(directory, 'dist/app'), 'utf8'), 'from afar')

      const dead = httpCache({ address: 'http://127.0.0.1:9/v1/cache', token: 'x' })
      const other = ask(cachedJob({}, { name: 'alone' }))
      const before = project.notices.length
      const lonely = project.open({ remotes: [dead] })
      await store(lonely, other, { 'dist/app': 'made here' })
      await lonely.settle()
      const said = project.notices.slice(before).map(({ kind }) => kind)
      assert.deepEqual(new Set(said), new Set(['remote_failed']))
      await hit(project.open(), other)
    } finally {
      await far.remove()
      await near.remove()
    }
  })

  it('takes nothing from a remote cache whose content is not what was signed', async () => {
    const job = cachedJob({}, { name: 'remote lie' })
    const far = await openFolderCache()
    const near = await openFolderCache()
    try {
      const sender = project.open({ remotes: [far.cache] })
      await store(sender, ask(job), { 'dist/app': 'good' })
      await sender.settle()
      const { entry } = await hit(sender, ask(job))
      for (const lie of [Buffer.alloc(entry.blobs[0]?.bytes ?? 0, 'm'), Buffer.alloc(5_000_000)]) {
        writeFileSync(far.cache.blobPath({ scope: 'protected', sha256: entry.blobs[0]?.sha256 ?? '' }), lie)
        const before = project.notices.length
        await miss(project.open({ local: near.cache, remotes: [far.cache] }), ask(job))
        assert.deepEqual(
          project.notices.slice(before).map(({ kind }) => kind),
          ['remote_failed'],
        )
      }
    } finally {
      await far.remove()
      await near.remove()
    }
  })

  it('refuses globs that lead out of the checkout', async () => {
    for (const glob of ['../x', '/etc/passwd', 'a/../../b', '!../x'])
      await assert.rejects(project.open().lookup(ask(cachedJob({ inputs: [glob] })), signal), {
        code: 'config_invalid',
      })
  })
})
