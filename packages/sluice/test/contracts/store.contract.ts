/** What every store must do. Each implementation calls `storeContract` with a way to make an empty disk and to open it again. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { commitOf, failsWith, step } from '../store/steps.ts'
import { chainHash, entryText, genesisHash } from '../../src/core/ledger/entry.ts'
import { foldPerfect, hexOfBytes, leafOfRow } from '../../src/core/ledger/merkle.ts'
import { limits } from '../../src/core/limits.ts'
import { sha256Bytes } from '../../src/lib/hash-bytes.ts'
import type { HashSpan } from '../../src/core/ledger/merkle-proof.ts'
import type { SluiceError } from '../../src/core/errors.ts'
import type { AggregateKey, AggregateKind } from '../../src/core/ledger/entry.ts'
import type { EffectIntent, Lease, Store, Transition } from '../../src/ports/store.ts'

/** A place where a store's data lives. */
export type Disk = {
  /** Opens it; a store opened before must have been closed. */
  readonly open: () => Promise<Store>
  readonly remove: () => Promise<void>
}

const sha256 = (text: string): string => hash('sha256', text)
const rollout = (id: string): AggregateKey => ({ kind: 'rollout', id })
const machineVersions: Readonly<Record<AggregateKind, number>> = {
  run: 1,
  release: 1,
  rollout: 1,
  environment: 1,
  incident: 1,
  message: 1,
  watch: 1,
  drill: 1,
  maintenance: 1,
  train: 1,
  line: 1,
  arrival: 1,
  remote: 1,
  ledger: 1,
  person: 1,
  token: 1,
  session: 1,
  secret: 1,
}

/** Runs the contract against one implementation. */
export const storeContract = (name: string, makeDisk: () => Promise<Disk>): void => {
  describe(`${name} keeps the store's contract`, () => {
    const context = contextOf(makeDisk)
    before(context.start)
    after(context.stop)
    commits(context)
    fences(context)
    requests(context)
    work(context)
    pages(context)
    trees(context)
    retention(context)
    forgetting(context)
    durability(context)
  })
}

type Context = ReturnType<typeof contextOf>

const contextOf = (makeDisk: () => Promise<Disk>) => {
  let disk: Disk | null = null
  let store: Store | null = null
  let lease: Lease | null = null
  let count = 0
  const start = async (): Promise<void> => {
    disk ??= await makeDisk()
    store = await disk.open()
    lease = await store.acquireLease('contract', 1_000)
  }
  return {
    start,
    stop: async () => {
      await store?.close()
      await disk?.remove()
    },
    reopen: async () => {
      await store?.close()
      await start()
    },
    store: (): Store => store ?? assert.fail('the store is open'),
    lease: (): Lease => lease ?? assert.fail('the lease is held'),
    retake: async () => (lease = (await store?.acquireLease('contract', 2_000)) ?? assert.fail('the store is open')),
    fresh: (): AggregateKey => rollout(`rol_${(count += 1)}`),
    commit: (...transitions: readonly Transition[]) =>
      (store ?? assert.fail('the store is open')).commit(
        commitOf(lease ?? assert.fail('the lease is held'), ...transitions),
      ),
  }
}

const commits = (context: Context): void => {
  test('a commit gives its rows, and what it wrote is read back', async () => {
    const key = context.fresh()
    const transition = step(key, 0, { nextAt: 5_000, state: { deep: [1, null, { 'a b': 'ß' }] } })
    const rows = await context.commit(transition)
    assert.equal(rows.length, 1)
    assert.deepEqual(await context.store().load(key), {
      key,
      version: 1,
      machineVersion: 1,
      state: { deep: [1, null, { 'a b': 'ß' }] },
      stateVersion: 1,
      since: [],
      settled: false,
      nextAt: 5_000,
      claims: 0,
      updatedAt: 1_000,
    })
    assert.deepEqual(await context.store().ledger({ after: 0, limit: 10, key }), rows)
  })

  test('a step that writes only its entries comes back as the state before it and what happened since, until one writes the state', async () => {
    const key = context.fresh()
    await context.commit(step(key, 0, { state: 'first' }))
    const rows = await context.commit(step(key, 1, { writes: 'entries', state: 'second', nextAt: 7 }))
    const stored = await context.store().load(key)
    assert.deepEqual(
      [stored?.version, stored?.state, stored?.stateVersion, stored?.nextAt, stored?.since.map(({ body }) => body)],
      [2, 'first', 1, 7, rows.map(({ body }) => body)],
    )
    await context.commit(step(key, 2, { state: 'third' }))
    const written = await context.store().load(key)
    assert.deepEqual([written?.version, written?.state, written?.stateVersion, written?.since], [3, 'third', 3, []])
  })

  test('what was never committed loads as null', async () => {
    assert.equal(await context.store().load(rollout('rol_none')), null)
    assert.deepEqual(await context.store().ledger({ after: 0, limit: 10, key: rollout('rol_none') }), [])
  })

  test('a transition of several entries moves the version by as many', async () => {
    const key = context.fresh()
    const first = step(key, 0).entries
    const second = step(key, 1).entries
    await context.commit(step(key, 0, { entries: [...first, ...second] }))
    assert.equal((await context.store().load(key))?.version, 2)
    await context.commit(step(key, 2))
  })

  test('the rows of the ledger are numbered without gaps and each hash covers the one before and the stored text', async () => {
    await Promise.all(
      Array.from({ length: 20 }, () => context.commit(step(context.fresh(), 0), step(context.fresh(), 0))),
    )
    let previous = genesisHash
    const rows = await context.store().ledger({ after: 0, limit: 10_000 })
    for (const [index, row] of rows.entries()) {
      assert.equal(row.seq, index + 1)
      assert.equal(row.previousHash, previous)
      assert.equal(row.hash, chainHash(previous, entryText(row.seq, row), sha256))
      previous = row.hash
    }
  })

  test('a commit of two aggregates is written whole or not at all', async () => {
    const [stale, sound] = [context.fresh(), context.fresh()]
    await context.commit(step(stale, 0))
    await assert.rejects(context.commit(step(sound, 0), step(stale, 0)), failsWith('store_fenced'))
    assert.equal(await context.store().load(sound), null)
  })

  test('a ledger row longer than the limit is refused and writes nothing', async () => {
    const key = context.fresh()
    const [entry] = step(key, 0).entries
    assert.ok(entry)
    const body = 'x'.repeat(limits.ledgerBodyBytesMax)
    await assert.rejects(context.commit(step(key, 0, { entries: [{ ...entry, body }] })), failsWith('usage_invalid'))
    assert.equal(await context.store().load(key), null)
  })

  test('a commit that is not well formed is a bug, named', async () => {
    const key = context.fresh()
    await assert.rejects(
      context.commit(step(key, 0, { entries: [] })),
      /bug: a transition of rollout\/rol_\d+ has an entry/,
    )
    await assert.rejects(context.commit(step(key, 0), step(key, 0)), /bug: a commit moves/)
    await assert.rejects(context.commit(step(key, 3, { entries: step(key, 1).entries })), /bug: entry stepped/)
    await assert.rejects(context.commit(step(key, 0, { nextAt: 1.5 })), /bug: nextAt/)
  })
}

const fences = (context: Context): void => {
  test('a decision made on an old version is fenced and names both versions', async () => {
    const key = context.fresh()
    await context.commit(step(key, 0))
    await assert.rejects(context.commit(step(key, 0)), (error: SluiceError) => {
      assert.equal(error.code, 'store_fenced')
      assert.match(error.detail, /is at version 1, not 0/)
      return true
    })
    await assert.rejects(context.commit(step(context.fresh(), 4)), failsWith('store_fenced'))
  })

  test('of two decisions on the same version exactly one is committed', async () => {
    const key = context.fresh()
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => context.commit(step(key, 0))))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await context.store().load(key))?.version, 1)
  })

  test('a fenced commit does not spoil the others that are made with it', async () => {
    const stale = context.fresh()
    await context.commit(step(stale, 0))
    const keys = Array.from({ length: 10 }, () => context.fresh())
    const outcomes = await Promise.allSettled(
      keys.flatMap((key) => [
        context.commit(step(key, 0)),
        context.commit(step(stale, 0)),
        context.commit(step(key, 1)),
      ]),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      keys.flatMap(() => ['fulfilled', 'rejected', 'fulfilled']),
    )
  })

  test('each lease has a greater epoch, and an older one can no longer write or claim', async () => {
    const key = context.fresh()
    const old = context.lease()
    await context.commit(step(key, 0))
    const lease = await context.retake()
    assert.ok(lease.epoch > old.epoch)
    await assert.rejects(context.store().commit(commitOf(old, step(key, 1))), failsWith('store_fenced'))
    await assert.rejects(context.store().claim(key, old), failsWith('store_fenced'))
    await assert.rejects(
      context.store().commit(commitOf({ ...lease, owner: 'other' }, step(key, 1))),
      failsWith('store_fenced'),
    )
    await context.commit(step(key, 1))
  })
}

const requests = (context: Context): void => {
  test('an answer is kept with its idempotency key, and the key is taken once', async () => {
    const [first, second] = [context.fresh(), context.fresh()]
    const request = { key: 'token/1', digest: 'abc', answer: { id: first.id } }
    assert.equal(await context.store().request('token/1'), null)
    await context.store().commit({ lease: context.lease(), transitions: [step(first, 0)], request })
    assert.deepEqual(await context.store().request('token/1'), request)
    await assert.rejects(
      context.store().commit({ lease: context.lease(), transitions: [step(second, 0)], request }),
      failsWith('command_conflict'),
    )
    assert.equal(await context.store().load(second), null)
  })

  test('of the same request sent at once many times exactly one is committed', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => {
        const key = context.fresh()
        const request = { key: 'token/2', digest: 'abc', answer: key.id }
        return context.store().commit({ lease: context.lease(), transitions: [step(key, 0)], request })
      }),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('an answer can be kept for a request that changed nothing', async () => {
    const request = { key: 'token/3', digest: 'abc', answer: null }
    assert.deepEqual(await context.store().commit({ lease: context.lease(), transitions: [], request }), [])
    assert.deepEqual(await context.store().request('token/3'), request)
  })
}

const work = (context: Context): void => {
  test('open work is what is unsettled and of a machine version that is understood', async () => {
    const [settled, newer, open] = [context.fresh(), context.fresh(), context.fresh()]
    await context.commit(step(settled, 0, { settled: true }), step(newer, 0, { machineVersion: 2 }), step(open, 0))
    const ids = async (rolloutVersion: number): Promise<readonly string[]> =>
      (await context.store().open({ ...machineVersions, rollout: rolloutVersion }))
        .map(({ key }) => key.id)
        .filter((id) => [settled.id, newer.id, open.id].includes(id))
    assert.deepEqual(await ids(1), [open.id])
    assert.deepEqual(await ids(2), [newer.id, open.id])
    await context.commit(step(open, 1, { settled: true }))
    assert.deepEqual(await ids(1), [])
  })

  test('claims are counted until the aggregate makes progress', async () => {
    const key = context.fresh()
    await context.commit(step(key, 0))
    assert.equal(await context.store().claim(key, context.lease()), 1)
    assert.equal(await context.store().claim(key, context.lease()), 2)
    assert.equal((await context.store().load(key))?.claims, 2)
    assert.equal((await context.store().load(key))?.version, 1)
    await context.commit(step(key, 1))
    assert.equal((await context.store().load(key))?.claims, 0)
    await assert.rejects(context.store().claim(rollout('rol_none'), context.lease()), failsWith('not_found'))
  })

  test('an intent is kept until its outcome is recorded, renewed under a newer fence, and forgotten when all is settled', async () => {
    const key = context.fresh()
    const intent = (effect: string, sequence: number): EffectIntent => ({
      key: `${key.id}/${effect}`,
      kind: 'start',
      fence: { token: 3, sequence },
    })
    const kept = (effect: string, sequence: number, status: string, at: number) => ({
      ...intent(effect, sequence),
      aggregate: key,
      status,
      at,
    })
    await context.commit(step(key, 0, { effects: [intent('a', 1), intent('b', 2)] }))
    assert.deepEqual(await context.store().effects(key), [kept('a', 1, 'intent', 1_000), kept('b', 2, 'intent', 1_000)])
    await context.commit(step(key, 1, { effects: [intent('b', 3)], finished: [`${key.id}/a`] }))
    assert.deepEqual(await context.store().effects(key), [
      kept('a', 1, 'finished', 1_000),
      kept('b', 3, 'intent', 1_001),
    ])
    await context.commit(step(key, 2, { settled: true }))
    assert.deepEqual(await context.store().effects(key), [])
  })
}

const pages = (context: Context): void => {
  test('a list without states tells of each what was last said of it, in the order of the list', async () => {
    const [first, second, third] = ['one', 'two', 'three'].map((id): AggregateKey => ({ kind: 'incident', id }))
    assert.ok(first !== undefined && second !== undefined && third !== undefined)
    await context.commit(step(first, 0, { summary: { said: 1 } }))
    await context.commit(step(second, 0), step(third, 0, { summary: 'third' }))
    await context.commit(step(first, 1, { summary: { said: 2 } }))
    await context.commit(step(first, 2))
    const told = async (cursor: string | null) =>
      context.store().summaries({ kind: 'incident', limit: 2, ...(cursor === null ? {} : { cursor }) })
    const page = await told(null)
    const rest = await told(page.next)
    assert.deepEqual(
      [...page.items, ...rest.items].map(({ key, summary }) => [key.id, summary]),
      [
        ['one', { said: 2 }],
        ['two', null],
        ['three', 'third'],
      ],
    )
    const { items } = await context.store().list({ kind: 'incident', limit: 3 })
    assert.deepEqual(
      [...page.items, ...rest.items].map(({ key, updatedAt }) => [key, updatedAt]),
      items.map(({ key, updatedAt }) => [key, updatedAt]),
    )
    assert.equal(rest.next, null)
  })

  test('a release keeps its place in lists, whatever happens to it, with its state or without', async () => {
    const named = (kind: 'release' | 'drill', id: string): AggregateKey => ({ kind, id })
    const at = (key: AggregateKey, version: number, when: number, writes: 'state' | 'entries' = 'state') => {
      const [entry] = step(key, version).entries
      assert.ok(entry)
      return step(key, version, { entries: [{ ...entry, at: when }], writes })
    }
    const order = async (kind: 'release' | 'drill') => {
      const { items } = await context.store().list({ kind, limit: 3 })
      const listed = await context.store().summaries({ kind, limit: 3 })
      assert.deepEqual(
        listed.items.map(({ key }) => key.id),
        items.map(({ key }) => key.id),
      )
      return items.map(({ key, version, updatedAt }) => [key.id, version, updatedAt])
    }
    for (const kind of ['release', 'drill'] as const) {
      await context.commit(at(named(kind, 'old'), 0, 100))
      await context.commit(at(named(kind, 'new'), 0, 200))
      await context.commit(at(named(kind, 'old'), 1, 300))
      await context.commit(at(named(kind, 'old'), 2, 400, 'entries'))
    }
    assert.deepEqual(await order('release'), [
      ['new', 1, 200],
      ['old', 3, 100],
    ])
    assert.deepEqual(await order('drill'), [
      ['old', 3, 400],
      ['new', 1, 200],
    ])
  })

  test('a list goes newest first, page by page, over one kind and one prefix', async () => {
    const named = (id: string): AggregateKey => ({ kind: 'environment', id })
    const ids = ['shop/a', 'shop/b', 'shop/c', 'shop%/d', 'Shop/e', 'shopping/f']
    for (const [index, id] of ids.entries()) {
      const [entry] = step(named(id), 0).entries
      assert.ok(entry)
      await context.commit(step(named(id), 0, { entries: [{ ...entry, at: 100 + Math.floor(index / 2) }] }))
    }
    const first = await context.store().list({ kind: 'environment', idPrefix: 'shop/', limit: 2 })
    assert.deepEqual(
      first.items.map(({ key }) => key.id),
      ['shop/c', 'shop/b'],
    )
    assert.ok(first.next)
    const second = await context.store().list({ kind: 'environment', idPrefix: 'shop/', limit: 2, cursor: first.next })
    assert.deepEqual(
      second.items.map(({ key }) => key.id),
      ['shop/a'],
    )
    assert.equal(second.next, null)
    const all = await context.store().list({ kind: 'environment', limit: 100 })
    assert.deepEqual(
      all.items.map(({ key }) => key.id),
      ['shopping/f', 'Shop/e', 'shop/c', 'shop%/d', 'shop/b', 'shop/a'],
    )
    await assert.rejects(
      context.store().list({ kind: 'environment', limit: 1, cursor: 'x' }),
      failsWith('usage_invalid'),
    )
  })

  test('the ledger is read page by page, of everything and of one aggregate', async () => {
    const key = context.fresh()
    for (const version of [0, 1, 2]) await context.commit(step(key, version), step(context.fresh(), 0))
    const own = await context.store().ledger({ after: 0, limit: 2, key })
    assert.deepEqual(
      own.map(({ version }) => version),
      [1, 2],
    )
    const rest = await context.store().ledger({ after: own.at(-1)?.seq ?? 0, limit: 2, key })
    assert.deepEqual(
      rest.map(({ version }) => version),
      [3],
    )
    const page = await context.store().ledger({ after: 3, limit: 2 })
    assert.deepEqual(
      page.map(({ seq }) => seq),
      [4, 5],
    )
  })
}

const trees = (context: Context): void => {
  test('the head is the last row, and the hashes of the tree are those of the rows', async () => {
    const keys = Array.from({ length: 300 }, () => context.fresh())
    await Promise.all(keys.map((key) => context.commit(step(key, 0), step(context.fresh(), 0))))
    const check = async (): Promise<void> => {
      const store = context.store()
      const rows = await store.ledger({ after: 0, limit: 100_000 })
      const last = rows.at(-1) ?? assert.fail('there are rows')
      assert.ok(rows.length > 512)
      assert.deepEqual(await store.anchor(), { seq: last.seq, hash: last.hash })
      const leaves = rows.map((row) => leafOfRow(row.hash, sha256Bytes))
      const hex = async (span: HashSpan): Promise<readonly string[]> => (await store.treeHashes(span)).map(hexOfBytes)
      assert.deepEqual(await hex({ level: 0, from: 3, count: 5 }), leaves.slice(3, 8).map(hexOfBytes))
      assert.deepEqual(
        await hex({ level: 1, from: 0, count: 2 }),
        [leaves.slice(0, 256), leaves.slice(256, 512)].map((foot) => hexOfBytes(foldPerfect(foot, sha256Bytes))),
      )
      assert.deepEqual(await hex({ level: 0, from: rows.length, count: 1 }), [])
      assert.deepEqual(await hex({ level: 2, from: 0, count: 1 }), [])
    }
    await check()
    await context.reopen()
    await context.commit(step(context.fresh(), 0))
    await check()
  })
}

const retention = (context: Context): void => {
  test('texts that are taken out leave the hashes, what is not over keeps its own, and doing it again does nothing', async () => {
    const [over, open] = [context.fresh(), context.fresh()]
    await context.commit(step(over, 0), step(open, 0))
    await context.commit(step(over, 1, { settled: true }))
    const before = await context.store().ledger({ after: 0, limit: 100_000 })
    const until = before.length
    const span = { after: until - 3, until: until - 1 }
    const leaves = await context.store().treeHashes({ level: 0, from: 0, count: until })
    assert.equal(await context.store().prune(span), 1)
    assert.equal(await context.store().prune(span), 0)
    const after = await context.store().ledger({ after: 0, limit: 100_000 })
    assert.deepEqual(
      after.map(({ seq, hash, previousHash }) => [seq, hash, previousHash]),
      before.map(({ seq, hash, previousHash }) => [seq, hash, previousHash]),
    )
    assert.deepEqual(await context.store().treeHashes({ level: 0, from: 0, count: until }), leaves)
    assert.deepEqual(
      after.slice(-3).map(({ key, version, type, body, isPruned }) => [key.id, version, type, body === null, isPruned]),
      [
        [over.id, 1, 'stepped', true, true],
        [open.id, 1, 'stepped', false, undefined],
        [over.id, 2, 'stepped', false, undefined],
      ],
    )
    await context.commit(step(open, 1))
  })
}

const forgetting = (context: Context): void => {
  const stepAt = (id: string, at: number, changes: Partial<Transition> = {}): Transition => {
    const made = step({ kind: 'arrival', id }, 0, { settled: true, summary: id, ...changes })
    return { ...made, entries: made.entries.map((entry) => ({ ...entry, at })) }
  }

  test('what was over long ago is forgotten, oldest first; what is not over, young or of another kind is not, and every row stays', async () => {
    const other = context.fresh()
    await context.commit(
      stepAt('arr_old', 10),
      stepAt('arr_older', 9),
      stepAt('arr_oldest', 8),
      stepAt('arr_open', 7, { settled: false }),
      stepAt('arr_young', 20),
      step(other, 0, { settled: true }),
    )
    const before = await context.store().ledger({ after: 0, limit: 100_000 })
    const left = async (): Promise<readonly (readonly [string, unknown])[]> =>
      (await context.store().summaries({ kind: 'arrival', limit: 9 })).items.map(({ key, summary }) => [
        key.id,
        summary,
      ])
    const old = { kind: 'arrival', before: 20, limit: 2 } as const
    assert.equal(await context.store().forget(old), 2)
    assert.deepEqual(
      (await left()).map(([id]) => id),
      ['arr_young', 'arr_old', 'arr_open'],
    )
    assert.equal(await context.store().forget(old), 1)
    assert.equal(await context.store().forget(old), 0)
    await context.reopen()
    assert.deepEqual(await left(), [
      ['arr_young', 'arr_young'],
      ['arr_open', 'arr_open'],
    ])
    assert.equal(await context.store().load({ kind: 'arrival', id: 'arr_old' }), null)
    assert.notEqual(await context.store().load(other), null)
    assert.deepEqual(await context.store().ledger({ after: 0, limit: 100_000 }), before)
    assert.equal(
      (await context.store().ledger({ after: 0, limit: 1, key: { kind: 'arrival', id: 'arr_old' } })).length,
      1,
    )
  })

  test('the rows of what was forgotten lose their texts as those of what is over do', async () => {
    const [row] = await context.commit(stepAt('arr_gone', 5))
    assert.equal(await context.store().forget({ kind: 'arrival', before: 6, limit: 9 }), 1)
    const seq = row?.seq ?? assert.fail('there is a row')
    assert.equal(await context.store().prune({ after: seq - 1, until: seq }), 1)
  })
}

const durability = (context: Context): void => {
  test('everything is there after the store was opened again, and the chain goes on', async () => {
    const key = context.fresh()
    const oldLease = context.lease()
    const [row] = await context.commit(
      step(key, 0, { effects: [{ key: 'k', kind: 'start', fence: { token: 1, sequence: 1 } }] }),
    )
    await context.reopen()
    assert.equal((await context.store().load(key))?.version, 1)
    assert.equal((await context.store().effects(key)).length, 1)
    assert.ok(context.lease().epoch > oldLease.epoch)
    const [next] = await context.commit(step(key, 1))
    assert.equal(next?.previousHash, row?.hash)
  })

  test('a closed store refuses everything', async () => {
    const store = context.store()
    await store.close()
    await assert.rejects(store.load(rollout('rol_1')), failsWith('store_failed'))
    await assert.rejects(store.commit(commitOf(context.lease(), step(context.fresh(), 0))), failsWith('store_failed'))
    await store.close()
  })
}
