/** What every driver must do. Each implementation calls `driverContract` with a way to make a platform and to come back to it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Intents, another, ask, askNow, specOf } from '../drivers/releases.ts'
import { eventually } from '../gateway/harness.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { Instance, Release } from '../../src/core/model.ts'
import type { Driver } from '../../src/ports/driver.ts'

/** Where instances run, as a test sees it. */
export type Platform = {
  /** A driver as a control plane that has just started has it. */
  readonly open: () => Driver
  /** A release whose service behaves in a certain way; see `test/drivers/service`. */
  readonly release: (behaviour: 'answers' | 'ends') => Release
  /** Takes everything away; fails when an instance is left that no driver knew of. */
  readonly remove: () => Promise<void>
}

/** Whether an error is the world's failure with this code. */
export const failsWith =
  (code: ErrorCode) =>
  (error: unknown): true => {
    assert.ok(error instanceof SluiceError, String(error))
    assert.equal(error.code, code, error.detail)
    return true
  }

type Context = {
  readonly platform: Platform
  /** Another, for a test that lets the control plane change: only one at a time works on a platform. */
  readonly makePlatform: () => Promise<Platform>
  readonly driver: Driver
  readonly signal: AbortSignal
  readonly service: string
}

/** Runs the contract against one implementation. */
export const driverContract = (name: string, makePlatform: () => Promise<Platform>): void => {
  describe(`${name} keeps the driver's contract`, { concurrency: 4 }, () => {
    let held: Context | null = null
    const context = (): Context => held ?? assert.fail('the platform is there')
    before(async () => {
      const platform = await makePlatform()
      const { service } = platform.release('answers').content
      held = { platform, makePlatform, driver: platform.open(), signal: new AbortController().signal, service }
    })
    after(() => held?.platform.remove())
    starts(context)
    fences(context)
    retires(context)
    survives(context)
    supervises(context)
  })
}

const starts = (context: () => Context): void => {
  test('a start gives every instance its name, its port and its variables, and is done when they listen', async () => {
    const { platform, driver, signal, service } = context()
    const release = platform.release('answers')
    const intents = new Intents(release, specOf('starts'))
    const instances = await driver.start(intents.start(2), signal)
    const short = release.id.slice(4, 16)
    assert.deepEqual(
      instances.map(({ id, index, status, restarts }) => ({ id, index, status, restarts })),
      [0, 1].map((index) => ({ id: `${service}-starts-${short}-${index}`, index, status: 'running', restarts: 0 })),
    )
    for (const instance of instances) {
      const { variables } = await askNow(instance)
      const { PORT, GREETING, TOKEN, SLUICE_INSTANCE, SLUICE_RELEASE, SLUICE_VERSION } = variables
      assert.deepEqual(
        { PORT, GREETING, TOKEN, SLUICE_INSTANCE, SLUICE_RELEASE, SLUICE_VERSION },
        {
          PORT: String(instance.port),
          GREETING: 'hello',
          TOKEN: 'secret-TOKEN-7',
          SLUICE_INSTANCE: instance.id,
          SLUICE_RELEASE: release.id,
          SLUICE_VERSION: '1.0.0',
        },
      )
    }
  })

  test('a start repeated, alone or at once, makes nothing twice, and a larger one adds', async () => {
    const { platform, driver, signal } = context()
    const intents = new Intents(platform.release('answers'), specOf('repeats'))
    const request = intents.start(2)
    const [first, second] = await Promise.all([driver.start(request, signal), driver.start(request, signal)])
    assert.deepEqual(first, second)
    const pids = await pidsOf(first)
    const more = await driver.start(intents.start(3), signal)
    assert.deepEqual(await pidsOf(more.slice(0, 2)), pids)
    assert.deepEqual(await driver.start(intents.start(1), signal), more, 'a smaller one takes nothing away')
  })

  test('a service that ends at once is start_failed, with its last lines and without its secrets', async () => {
    const { platform, driver, signal } = context()
    const intents = new Intents(platform.release('ends'), specOf('fails'))
    await assert.rejects(driver.start(intents.start(1), signal), (error: unknown) => {
      failsWith('start_failed')(error)
      assert.ok(error instanceof SluiceError)
      assert.match(error.detail, /exit code 3/)
      assert.deepEqual(error.evidence, ['starting', 'cannot find the database, password ***'])
      return true
    })
    await driver.retire(intents.retire(0), signal)
    assert.deepEqual(await driver.observe(context().service, 'fails', signal), [])
  })

  test('the last lines of an instance can be read, and those of an unknown one are not_found', async () => {
    const { platform, driver, signal } = context()
    const [one] = await driver.start(new Intents(platform.release('answers'), specOf('logs')).start(1), signal)
    const last = await eventually('it has said so', async () => {
      const lines = await driver.logs(one?.id ?? '', 1, signal)
      return lines[0] !== '' && lines
    })
    assert.deepEqual(last, [`listens on ${one?.port}`])
    await assert.rejects(driver.logs('nothing-by-that-name', 1, signal), failsWith('not_found'))
  })
}

const fences = (context: () => Context): void => {
  test('what is older than the newest intent is refused and changes nothing, also by the next control plane', async () => {
    const { platform, driver, signal, service } = context()
    const intents = new Intents(platform.release('answers'), specOf('fences'))
    const oldStart = intents.start(2)
    const oldRetire = intents.retire(0)
    const instances = await driver.start(intents.start(1), signal)
    for (const one of [driver, platform.open()]) {
      await assert.rejects(one.start(oldStart, signal), failsWith('fence_stale'))
      await assert.rejects(one.retire(oldRetire, signal), failsWith('fence_stale'))
      assert.deepEqual(await one.observe(service, 'fences', signal), instances)
    }
  })
}

const retires = (context: () => Context): void => {
  test('a retirement leaves the first instances alone, and repeated does nothing', async () => {
    const { platform, driver, signal, service } = context()
    const release = platform.release('answers')
    const other = another(release)
    const intents = new Intents(release, specOf('retires'))
    const instances = await driver.start(intents.start(3), signal)
    const others = await driver.start(intents.start(1, other), signal)
    const request = intents.retire(1)
    await driver.retire(request, signal)
    const rest = [...instances.slice(0, 1), ...others]
    assert.deepEqual(byPort(await driver.observe(service, 'retires', signal)), byPort(rest))
    assert.deepEqual(await Promise.all(instances.slice(1).map((one) => ask(one))), [null, null])
    await driver.retire(request, signal)
    assert.deepEqual(byPort(await driver.observe(service, 'retires', signal)), byPort(rest))
  })

  test('nothing to retire is not an error', async () => {
    const { platform, driver, signal } = context()
    await driver.retire(new Intents(platform.release('answers'), specOf('nothing')).retire(0), signal)
  })
}

const survives = (context: () => Context): void => {
  test('instances outlive the control plane, and the next one knows and can retire them', async () => {
    const { platform, driver, signal, service } = context()
    const intents = new Intents(platform.release('answers'), specOf('survives'))
    const request = intents.start(2)
    const instances = await driver.start(request, signal)
    const pids = await pidsOf(instances)
    const next = platform.open()
    assert.deepEqual(await next.observe(service, 'survives', signal), instances)
    assert.deepEqual(await next.start(request, signal), instances)
    assert.deepEqual(await pidsOf(instances), pids)
    await next.retire(intents.retire(0), signal)
    assert.deepEqual(await Promise.all(instances.map((one) => ask(one))), [null, null])
  })
}

const supervises = (context: () => Context): void => {
  for (const kind of ['its own', 'one of an earlier control plane'] as const) {
    test(`an instance that ends is started again where it was, with the same variables: ${kind}`, async () => {
      const { makePlatform, signal, service } = context()
      const platform = await makePlatform()
      const driver = platform.open()
      const environment = 'restarts'
      const intents = new Intents(platform.release('answers'), specOf(environment))
      const [, before] = await driver.start(intents.start(2), signal)
      // A smaller start takes nothing away, and so the second is still watched over.
      await driver.start(intents.start(1), signal)
      const { pid, variables } = await askNow(before)
      const watching = new AbortController()
      const watcher = kind === 'its own' ? driver : platform.open()
      const watch = watcher.supervise(watching.signal)
      try {
        await ask(before ?? assert.fail('it started'), '/crash')
        const after = await eventually('it is back', async () => {
          const one = (await watcher.observe(service, environment, signal)).find(({ index }) => index === 1)
          return one?.status === 'running' && one.restarts === 1 ? one : null
        })
        assert.deepEqual({ ...after, restarts: 0 }, before)
        const word = await askNow(after)
        assert.notEqual(word.pid, pid)
        assert.deepEqual(word.variables, variables)
        await watcher.retire(intents.retire(0), signal)
        assert.deepEqual(await watcher.observe(service, environment, signal), [])
      } finally {
        watching.abort()
        await watch
        await platform.remove()
      }
    })
  }
}

const pidsOf = (instances: readonly Instance[]): Promise<readonly number[]> =>
  Promise.all(instances.map(async (one) => (await askNow(one)).pid))

const byPort = (instances: readonly Instance[]): readonly Instance[] => instances.toSorted((a, b) => a.port - b.port)
