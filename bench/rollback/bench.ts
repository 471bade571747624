/**
 * `npm run bench:rollback [-- --quick] [--json]`: from the command (a request to the API) until all traffic is on the release that came back, told by the traffic itself. Warm: a
 * canary at 50 % turned around, and what served before a blue-green switch. Cold: what was retired; less what its instances took to start by themselves.
 */
import { describeMachine } from '../lib/machine.ts'
import { median, progress, quantile, report } from '../lib/report.ts'
import { atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { rollBack } from './rounds.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const machine = describeMachine()
const { aborted, returned, cold } = await rollBack(quick ? { warm: 10, cold: 5 } : { warm: 100, cold: 50 }, progress)

const warm = [...aborted, ...returned]
const warmMs = warm.map(({ ms }) => ms)
const overStartMs = cold.map(({ ms, startMs }) => ms - startMs)
const at = (values: readonly number[], part: number): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    part,
  )
const ms = (name: string, value: number): Bounded => ({ name, value, unit: 'ms' })

const { figures, missed, exitCode } = judge(
  [
    { name: 'rollback.count', value: warm.length + cold.length, unit: 'rollbacks' },
    ms('rollback.warmMsP50', median(warmMs)),
    onThisMachine(atMost(ms('rollback.warmMsP99', at(warmMs, 0.99)), 100)),
    ms(
      'rollback.abortMsP99',
      at(
        aborted.map((one) => one.ms),
        0.99,
      ),
    ),
    ms(
      'rollback.returnMsP99',
      at(
        returned.map((one) => one.ms),
        0.99,
      ),
    ),
    ms('rollback.coldStartMsP50', median(cold.map(({ startMs }) => startMs))),
    ms('rollback.coldOverStartMsP50', median(overStartMs)),
    onThisMachine(atMost(ms('rollback.coldOverStartMsP99', at(overStartMs, 0.99)), 300)),
    { name: 'rollback.requests', value: sum(({ requests }) => requests), unit: 'requests' },
    atMost({ name: 'rollback.failedRequests', value: sum(({ failed }) => failed), unit: 'requests' }, 0),
  ],
  { quick },
)
const notes = ['Health checks as they are by default: every second, two good answers in a row.', ...missed]
report({ command: 'bench:rollback', machine, figures, notes, json })
process.exitCode = exitCode

function sum(of: (one: (typeof warm)[number]) => number): number {
  return [...warm, ...cold].reduce((total, one) => total + of(one), 0)
}
