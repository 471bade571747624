import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { systemCron } from '../../adapters/system/cron.ts'
import { Scheduler } from './scheduler.ts'

/** A project whose clock is turned by hand; a key that was used starts nothing again, as in the store. */
const project = (expressions: readonly string[]) => {
  let now = Date.UTC(2026, 8, 1, 2, 59, 30)
  let timer: { readonly at: number; readonly call: () => void } | null = null
  const started: (readonly [string, string | null])[] = []
  const known = new Set<string>()
  const failures: string[] = []
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const clock = {
    now: () => now,
    after: (ms: number, call: () => void) => {
      timer = { at: now + ms, call }
      return () => {
        timer = null
      }
    },
  }
  const scheduler = (): Scheduler =>
    new Scheduler({
      clock,
      log,
      cron: systemCron(),
      expressions: () => Promise.resolve(expressions),
      start: (_, { idempotencyKey, reason, by }) => {
        const failure = failures.pop()
        if (failure !== undefined) return Promise.reject(new Error(failure))
        if (!known.has(idempotencyKey ?? '')) started.push([by.name, reason])
        known.add(idempotencyKey ?? '')
        return Promise.resolve({ run: 'run_1' })
      },
    })
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    started,
    failures,
    scheduler,
    settle,
    /** Time passes while nobody looks. */
    pass: (ms: number) => {
      now += ms
    },
    /** Time passes, and what is due at the next full minute is called. */
    turn: async () => {
      const due = timer
      if (due === null) return
      now = due.at
      due.call()
      await settle()
    },
  }
}

test('a run starts at its minute, once, whoever looks again and however often the control plane starts', async () => {
  const { started, scheduler, turn, settle } = project(['0 3 * * *'])
  const first = scheduler()
  first.start()
  await settle()
  deepStrictEqual(started, [])
  await turn()
  const only = [['schedule', '0 3 * * *, due at 2026-09-01T03:00:00Z']]
  deepStrictEqual(started, only)
  await first.look()
  first.stop()
  await turn()
  await scheduler().look()
  deepStrictEqual(started, only)
})

test('of minutes that were missed the newest is made up for, and said to be late, unless it is an hour old', async () => {
  const { started, scheduler, pass } = project(['*/10 * * * *', '0 3 * * *', 'no expression'])
  pass(75 * 60_000)
  await scheduler().look()
  deepStrictEqual(started, [['schedule', '*/10 * * * *, due at 2026-09-01T04:10:00Z, 4 min late']])
})

test('what could not be started is tried again at the next minute', async () => {
  const { started, failures, scheduler, turn, settle } = project(['0 3 * * *'])
  failures.push('the config is broken')
  scheduler().start()
  await settle()
  await turn()
  deepStrictEqual(started, [])
  await turn()
  deepStrictEqual(started, [['schedule', '0 3 * * *, due at 2026-09-01T03:00:00Z, 1 min late']])
})

test('an expression whose run cannot be started keeps no other from its turn, and is tried again', async () => {
  const { started, scheduler, settle, turn, failures } = project(['59 2 * * *', '58 2 * * *'])
  failures.push('no such branch')
  scheduler().start()
  await settle()
  deepStrictEqual(started, [['schedule', '58 2 * * *, due at 2026-09-01T02:58:00Z, 1 min late']])
  await turn()
  deepStrictEqual(started[1], ['schedule', '59 2 * * *, due at 2026-09-01T02:59:00Z, 1 min late'])
})

test('an expression that comes later, or comes back, begins with its next minute, and makes up for nothing before it was there', async () => {
  const expressions: string[] = []
  const { started, scheduler, settle, turn } = project(expressions)
  scheduler().start()
  await settle()
  expressions.push('30 2 * * *', '1 3 * * *')
  await turn()
  deepStrictEqual(started, [])
  await turn()
  deepStrictEqual(started, [['schedule', '1 3 * * *, due at 2026-09-01T03:01:00Z']])
  expressions.pop()
  await turn()
  expressions.push('1 3 * * *')
  await turn()
  strictEqual(started.length, 1)
})
