/**
 * `npm run bench:server [-- --quick] [--json]`: what a control plane bears. Each part is a file beside this one, and gives figures with their bounds; a bound
 * that is not kept is said, and is the exit code.
 */
import { describeMachine } from '../lib/machine.ts'
import { report } from '../lib/report.ts'
import { type Bounded, judge, readOptions } from '../lib/targets.ts'
import { measureLedger } from './ledger.ts'
import { measureFlight } from './flight.ts'
import { measureHttp } from './http.ts'

const { quick, json } = readOptions(process.argv.slice(2))

/** The parts, in the order in which they are measured. */
const parts: readonly ((options: { readonly quick: boolean }) => Promise<readonly Bounded[]>)[] = [
  measureLedger,
  measureHttp,
  measureFlight,
]

const machine = describeMachine()
const bounded: Bounded[] = []
for (const measure of parts) bounded.push(...(await measure({ quick })))
const { figures, missed, exitCode } = judge(bounded, { quick })
const notes = [...(quick ? ['the short form: 50,000 rows instead of 1,000,000'] : []), ...missed]
report({ command: 'bench:server', machine, figures, notes, json })
process.exitCode = exitCode
