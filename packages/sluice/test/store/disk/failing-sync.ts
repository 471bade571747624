/** Commits while syncing begins to fail: `failing-sync.ts <directory> <flag>`; the shim fails while the flag exists. Tells codes as JSON. */
import { writeFileSync } from 'node:fs'
import { openSqliteStore } from '../../../src/adapters/store/sqlite/store.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { commitOf, step } from '../steps.ts'

const [directory, flag] = process.argv.slice(2)
if (directory === undefined || flag === undefined) throw new Error('usage: failing-sync.ts <directory> <flag>')

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
    return 'ok'
  } catch (error) {
    return error instanceof SluiceError ? error.code : String(error)
  }
}

const key = { kind: 'rollout', id: 'rol_1' } as const
const store = await openSqliteStore({ directory, ballastBytes: 65_536 })
const lease = await store.acquireLease('test', 0)
const codes = [await codeOf(store.commit(commitOf(lease, step(key, 0))))]
writeFileSync(flag, '')
codes.push(await codeOf(store.commit(commitOf(lease, step(key, 1)))))
codes.push(await codeOf(store.commit(commitOf(lease, step(key, 2)))))
codes.push(await codeOf(store.load(key)))
process.stdout.write(JSON.stringify(codes))
// As the control plane does: leave, without closing anything.
process.kill(process.pid, 'SIGKILL')
