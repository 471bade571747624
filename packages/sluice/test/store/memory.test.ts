import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryDisk } from '../../src/adapters/store/memory.ts'
import { storeContract } from '../contracts/store.contract.ts'
import { commitOf, failsWith, step } from './steps.ts'
import type { CommitFault, MemoryDisk, MemoryFaults } from '../../src/adapters/store/memory.ts'

const sha256 = (text: string): string => hash('sha256', text)
const key = { kind: 'rollout', id: 'rol_1' } as const
const once = (fault: CommitFault): MemoryFaults => {
  const faults = [fault]
  return { commit: () => faults.pop() ?? 'none' }
}

storeContract('the memory store', async () => {
  const disk = createMemoryDisk(sha256)
  return { open: async () => disk.open(), remove: async () => {} }
})

const opened = async (disk: MemoryDisk, faults: MemoryFaults) => {
  const store = disk.open(faults)
  return { store, lease: await store.acquireLease('test', 0) }
}

test('a commit that failed before it was written leaves nothing, and the store ends', async () => {
  const disk = createMemoryDisk(sha256)
  const { store, lease } = await opened(disk, once('failed_before'))
  await assert.rejects(store.commit(commitOf(lease, step(key, 0))), failsWith('store_failed'))
  await assert.rejects(store.load(key), failsWith('store_failed'))
  assert.equal(await disk.open().load(key), null)
})

test('a commit that failed after it was written is found when the disk is opened again', async () => {
  const disk = createMemoryDisk(sha256)
  const { store, lease } = await opened(disk, once('failed_after'))
  await assert.rejects(store.commit(commitOf(lease, step(key, 0))), failsWith('store_failed'))
  assert.equal((await disk.open().load(key))?.version, 1)
})

test('a full disk refuses one commit and takes the next', async () => {
  const { store, lease } = await opened(createMemoryDisk(sha256), once('full'))
  await assert.rejects(store.commit(commitOf(lease, step(key, 0))), failsWith('store_full'))
  await store.releaseBallast()
  await store.commit(commitOf(lease, step(key, 0)))
})

test('a lease taken by another control plane fences a commit that is on its way', async () => {
  const disk = createMemoryDisk(sha256)
  const { store, lease } = await opened(disk, {
    pause: async (stage) => {
      if (stage === 'sent') disk.takeLease('other')
    },
  })
  await assert.rejects(store.commit(commitOf(lease, step(key, 0))), failsWith('store_fenced'))
  assert.deepEqual([...disk.aggregates()], [])
})

test('a crash between durable and acknowledged loses nothing', async () => {
  const disk = createMemoryDisk(sha256)
  const written = Promise.withResolvers<void>()
  const { store, lease } = await opened(disk, {
    pause: (stage) => {
      if (stage === 'sent') return Promise.resolve()
      written.resolve()
      return new Promise(() => {})
    },
  })
  void store.commit(commitOf(lease, step(key, 0)))
  await written.promise
  assert.equal((await disk.open().load(key))?.version, 1)
})
