/** Lists a checkout and hashes all of its inputs in a new process; prints how many there are and how long it took, milliseconds. */
import { inputReader } from '../../packages/sluice/src/runner/cache/inputs.ts'
import { listCheckout } from '../../packages/sluice/src/runner/cache/listing.ts'

const [checkout = ''] = process.argv.slice(2)
const signal = new AbortController().signal
const startedAt = performance.now()
const listing = await listCheckout(checkout, signal)
const listedAt = performance.now()
const { files } = await inputReader(listing)(['packages/*/src/**'], signal)
const endedAt = performance.now()
const result = { count: Object.keys(files).length, listMs: listedAt - startedAt, hashMs: endedAt - listedAt }
process.stdout.write(`${JSON.stringify(result)}\n`)
