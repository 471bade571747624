/** Records the golden ledger of secrets, beside that of deliveries: `record-secrets.ts <name>`; see `record.ts`. */
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportLedger } from '../../../src/adapters/store/export.ts'
import { createMemoryDisk } from '../../../src/adapters/store/memory.ts'
import { type SecretEvent, secretKey } from '../../../src/core/secret.ts'
import { machines } from '../../../src/engine/machines.ts'
import { keyText, planTransaction, unwritten, type Held } from '../../../src/engine/loop/transaction.ts'

const [name] = process.argv.slice(2)
if (name === undefined) throw new Error('usage: record-secrets.ts <name>')
const store = createMemoryDisk((text) => hash('sha256', text)).open()
const lease = await store.acquireLease('record', 0)
const held = new Map<string, Held>()
const by = { kind: 'person', name: 'ada' } as const

const take = async (secret: string, event: SecretEvent): Promise<void> => {
  const plan = planTransaction(
    [{ key: secretKey(secret), event, actor: by, reason: 'it was time' }],
    (one) => held.get(keyText(one)) ?? unwritten(one),
  )
  if (plan.transitions.length === 0) throw new Error(`${event.type} changes nothing`)
  await store.commit({ lease, transitions: plan.transitions, request: null })
  for (const one of plan.held) held.set(keyText(one.key), one)
}

await take('DATABASE_URL', { type: 'secret_set', at: 1_000, by, version: '0123456789ab' })
await take('DATABASE_URL', { type: 'secret_set', at: 2_000, by, version: 'ba9876543210' })
await take('OLD_TOKEN', { type: 'secret_removed', at: 3_000, by })
await take('OLD_TOKEN', { type: 'secret_set', at: 4_000, by, version: '001122334455' })
await take('OLD_TOKEN', { type: 'secret_removed', at: 5_000, by })
const states = [...held.values()].map(({ key, version, state }) =>
  JSON.stringify({ ...key, version, machineVersion: machines[key.kind].version, state }),
)
const write = (file: string, lines: readonly string[]): void =>
  writeFileSync(join(import.meta.dirname, `${file}.jsonl`), `${lines.join('\n')}\n`)
write(name, await Array.fromAsync(exportLedger(store)))
write(`${name}.states`, states)
