import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SluiceError } from '../core/errors.ts'
import { commitId, digest } from '../core/model.ts'
import { LocalArtifacts, localTools } from './artifacts.ts'

const commit = { id: commitId('a'.repeat(40)), subject: 'feat: x', author: 'Ada', committedAt: 1 }
const signal = new AbortController().signal
let root = ''

describe('the artifact store', () => {
  let store: LocalArtifacts
  let directory = ''
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-artifacts-'))
    store = new LocalArtifacts(join(root, 'state'), localTools())
    directory = join(root, 'build')
    await mkdir(join(directory, 'dist', 'deep'), { recursive: true })
    await writeFile(join(directory, 'dist', 'main.js'), 'run()\n')
    await writeFile(join(directory, 'dist', 'deep', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  })
  after(() => rm(root, { recursive: true, force: true }))

  const put = (from: string) =>
    store.put({ name: 'app', directory: from, paths: ['dist'], commit, version: '1.0.0', inputs: [] }, signal)

  it('gives the same digest for the same content, wherever and whenever it was made', async () => {
    const copy = join(root, 'elsewhere')
    await mkdir(join(copy, 'dist', 'deep'), { recursive: true })
    await writeFile(join(copy, 'dist', 'deep', 'run.sh'), '#!/bin/sh\n', { mode: 0o700 })
    await writeFile(join(copy, 'dist', 'main.js'), 'run()\n')
    assert.deepEqual(await put(directory), await put(copy))
  })

  it('gives back what was put, with build metadata', async () => {
    const artifact = await put(directory)
    const target = join(root, 'out')
    await store.unpack(artifact.digest, target, signal)
    assert.equal(await readFile(join(target, 'dist', 'main.js'), 'utf8'), 'run()\n')
    const metadata = JSON.parse(await readFile(join(target, 'build-metadata.json'), 'utf8'))
    assert.equal(metadata.commit.id, commit.id)
    assert.equal(typeof metadata.tools.node, 'string')
  })

  it('never unpacks an artifact that is not what its digest says', async () => {
    const artifact = await put(directory)
    const path = join(root, 'state', 'artifacts', 'sha256', `${artifact.digest.slice(7)}.tar`)
    await writeFile(path, 'something else')
    assert.equal(await store.verify(artifact.digest, signal), 'mismatch')
    await assert.rejects(
      store.unpack(artifact.digest, join(root, 'bad'), signal),
      (error) => error instanceof SluiceError && error.code === 'artifact_mismatch',
    )
    assert.equal(await store.verify(artifact.digest, signal), 'missing', 'the damaged one was moved aside')
  })

  it('says which artifact or path is missing', async () => {
    const nowhere = digest(`sha256:${'0'.repeat(64)}`)
    const missing = (error: unknown) => error instanceof SluiceError && error.code === 'artifact_missing'
    await assert.rejects(store.unpack(nowhere, join(root, 'none'), signal), missing)
    await assert.rejects(
      store.put({ name: 'app', directory, paths: ['nope'], commit, version: '1', inputs: [] }, signal),
      missing,
    )
  })
})
