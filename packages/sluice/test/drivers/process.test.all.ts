/** What the process driver does beyond the contract: real processes, and what can go wrong with them. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { failsWith } from '../contracts/driver.contract.ts'
import { freePort } from '../free-port.ts'
import { eventually } from '../gateway/harness.ts'
import { another, Intents, ask, askNow, specOf } from './releases.ts'
import { processPlatform } from './process-platform.ts'
import type { ProcessPlatform } from './process-platform.ts'
import { limits } from '../../src/core/limits.ts'
import { launch, takeUp } from '../../src/drivers/process/launch.ts'
import type { RunningProcess } from '../../src/drivers/process/launch.ts'
import { boundLog } from '../../src/drivers/process/log-file.ts'
import { findFreePort } from '../../src/drivers/process/ports.ts'
import { decodeRecord, encodeRecord } from '../../src/drivers/process/records.ts'
import type { EnvironmentRecord } from '../../src/drivers/process/records.ts'
import { behindNiceness, canUndoNiceness, nicenessOf } from '../../src/lib/niceness.ts'
import { endGroup, membersOf } from '../../src/lib/process-group.ts'
import { identify } from '../../src/lib/process-identity.ts'
import type { Driver, StartRequest } from '../../src/ports/driver.ts'

/** The environment of every test here. */
const place = 'staging'
const signal: AbortSignal = new AbortController().signal

/** A platform of the test's own: only one control plane at a time works on a state directory. */
const platformOf = async (t: TestContext): Promise<ProcessPlatform> => {
  const platform = await processPlatform()
  t.after(platform.remove)
  return platform
}

const recordFile = ({ stateDir }: ProcessPlatform): string => join(stateDir, 'instances', `shop@${place}.json`)

const logFile = ({ stateDir }: ProcessPlatform, instance: string | undefined): string =>
  join(stateDir, 'logs', 'instances', `${instance ?? ''}.log`)

const editRecord = async (
  platform: ProcessPlatform,
  change: (record: EnvironmentRecord) => EnvironmentRecord,
): Promise<void> => {
  const file = recordFile(platform)
  await writeFile(file, encodeRecord(change(decodeRecord(await readFile(file, 'utf8'), file))))
}

const withSupervision = async (driver: Driver, work: () => Promise<void>): Promise<void> => {
  const watching = new AbortController()
  const watch = driver.supervise(watching.signal)
  await work().finally(() => watching.abort())
  await watch
}

describe('the process driver', { concurrency: 4 }, () => {
  test('a release keeps its folder while anything of it runs, in any environment', async (t) => {
    const platform = await platformOf(t)
    const folder = join(platform.stateDir, 'releases')
    const first = platform.open()
    const serving = platform.release('answers')
    const leaving = platform.release('stubborn')
    const spec = specOf('canary', { stopGraceMs: 60_000 })
    await first.start(new Intents(serving, specOf('production')).start(1), signal)
    const intents = new Intents(leaving, spec)
    const [one] = await first.start(intents.start(1), signal)
    const { pid } = await askNow(one)
    // Newer ones, more than are kept.
    for (let number = 0; number <= limits.releasesUnpackedMax; number += 1) {
      const name = `rel_${number.toString(16).padStart(64, '0')}`
      await mkdir(join(folder, name))
      await writeFile(join(folder, `${name}.json`), '')
    }
    for (const { id } of [serving, leaving]) await utimes(join(folder, `${id}.json`), 0, 0)
    // One that knows only the environment that it is asked about.
    const second = platform.open()
    await assert.rejects(second.retire(intents.retire(0), AbortSignal.timeout(300)))
    const other = new Intents(another(serving), specOf(place))
    await second.start(other.start(1), signal)
    await second.retire(other.retire(0), signal)
    const names = await readdir(folder)
    for (const { id } of [serving, leaving]) assert.ok(names.includes(id), id)
    process.kill(pid, 'SIGKILL')
    await eventually('it is off the record', async () => {
      const file = join(platform.stateDir, 'instances', 'shop@canary.json')
      return decodeRecord(await readFile(file, 'utf8'), file).leaving.length === 0
    })
  })

  test('an instance inherits only what it needs, and its secrets are in no file', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('answers'), specOf(place))
    const [one] = await driver.start(intents.start(1), signal)
    const { variables, folder, pid } = await askNow(one)
    const foreign = Object.keys(variables).filter(
      (name) => !/^(PATH|HOME|LANG|TZ|TMPDIR|PWD|OLDPWD|_|SHLVL)$/.test(name),
    )
    assert.deepEqual(foreign.toSorted(), [
      'GREETING',
      'HOST',
      'PORT',
      'SLUICE_ENVIRONMENT',
      'SLUICE_INSTANCE',
      'SLUICE_RELEASE',
      'SLUICE_SERVICE',
      'SLUICE_STATE',
      'SLUICE_VERSION',
      'TOKEN',
    ])
    assert.equal(folder, join(platform.stateDir, 'releases', one?.release ?? ''))
    assert.ok(!(await readFile(recordFile(platform), 'utf8')).includes('secret-TOKEN'), 'no secret on disk')
    const marked = await platform.processes()
    assert.deepEqual(
      marked.map((found) => ({ pid: found.process.pid, leads: found.leads })),
      [{ pid, leads: true }],
      'the service itself is the process, and leads its group',
    )
  })

  test('a command of several parts runs them all, and is stopped with all of its processes', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const release = platform.release('', 'FIRST=1 sh -c "echo prepared" && FOO=bar node server.js answers; true')
    const intents = new Intents(release, specOf(place))
    const [one] = await driver.start(intents.start(1), signal)
    assert.equal((await askNow(one)).variables['FOO'], 'bar')
    assert.equal((await driver.logs(one?.id ?? '', 10, signal))[0], 'prepared')
    await driver.retire(intents.retire(0), signal)
    assert.deepEqual(await platform.processes(), [])
  })

  test('a service may take its time to end, but not more than its grace', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const graceful = new Intents(platform.release('graceful'), specOf(place))
    const stubborn = new Intents(platform.release('stubborn'), specOf(place, { stopGraceMs: 200 }))
    const [one] = await driver.start(graceful.start(1), signal)
    const [other] = await driver.start(stubborn.start(1), signal)
    await driver.retire(graceful.retire(0), signal)
    assert.deepEqual((await driver.logs(one?.id ?? '', 1, signal)).slice(-1), ['goes in peace'])
    const startedAt = performance.now()
    await driver.retire(stubborn.retire(0), signal)
    assert.ok(performance.now() - startedAt >= 200, 'the grace was given')
    assert.deepEqual((await driver.logs(other?.id ?? '', 1, signal)).slice(-1), ['ignored SIGTERM'])
    assert.equal(await ask(other ?? assert.fail('it started')), null)
  })

  test('what an instance left behind outside of its group goes with it', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('daemon'), specOf(place))
    await driver.start(intents.start(1), signal)
    await eventually('both are there', async () => (await platform.processes()).length === 2)
    await driver.retire(intents.retire(0), signal)
    await eventually('both are gone', async () => (await platform.processes()).length === 0)
  })

  test('a service that never listens is started all the same, and is not called running', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('mute'), specOf(place))
    const instances = await driver.start(intents.start(1), signal)
    assert.deepEqual(
      instances.map(({ status }) => status),
      ['starting'],
    )
    const nicenesses = (await platform.processes()).map((one) => nicenessOf(one.process.pid))
    assert.deepEqual(nicenesses, [getPriority()], 'it is not left behind')
  })

  test('a new instance starts behind everybody else with all that it starts, and catches up when it listens or is taken up', async (t) => {
    const { stateDir } = await platformOf(t)
    const variables = { PATH: process.env['PATH'] ?? '' }
    const line = 'sleep 60 & sleep 60 & wait'
    const start = (): ReturnType<typeof launch> =>
      launch({ line, folder: stateDir, variables, logFile: join(stateDir, 'log'), behind: true, onEnded: () => {} })
    const own = getPriority()
    const isMoved = canUndoNiceness() && own < behindNiceness
    const behind = isMoved ? behindNiceness : own
    // Where sessions share the processor, each has a niceness of its own, at first 0.
    const session = (pid: number): Promise<string | null> =>
      readFile(`/proc/${pid}/autogroup`, 'utf8').catch(() => null)
    const sessionOf = (text: string | null, niceness: number): string | null =>
      text?.replace(/nice .*/, `nice ${isMoved ? niceness : 0}`) ?? null
    const catchUps = [
      (one: RunningProcess) => one.seenListening(),
      (one: RunningProcess) => void takeUp(one.identity, 0),
    ]
    for (const letCatchUp of catchUps) {
      const { running, begin } = start()
      const { pid } = running.identity
      t.after(() => endGroup(pid, 0))
      begin()
      await eventually('all of it runs', () => membersOf(pid).length === 3)
      for (const niceness of [behind, own]) {
        const said = await session(pid)
        assert.deepEqual(membersOf(pid).map(nicenessOf), [niceness, niceness, niceness])
        assert.equal(said, sessionOf(said, niceness))
        letCatchUp(running)
      }
    }
  })

  test('each quick end in a row doubles the pause before the restart', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('answers'), specOf(place))
    await driver.start(intents.start(1), signal)
    await withSupervision(driver, async () => {
      let restingMs = 0
      for (const restarts of [0, 1, 2, 3]) {
        const one = await eventually(`restart ${restarts}`, async () => {
          const [found] = await driver.observe('shop', place, signal)
          return found?.status === 'running' && found.restarts === restarts && found
        })
        if (restarts === 3) break
        await ask(one, '/crash')
        const since = performance.now()
        const looksDown = async () => (await driver.observe('shop', place, signal))[0]?.status === 'exited'
        await eventually('its end is seen', looksDown)
        await eventually('it is started again', async () => !(await looksDown()))
        restingMs += performance.now() - since
      }
      assert.ok(restingMs >= (1 + 2 + 4) * limits.instanceRestartDelayMsMin, `rested ${restingMs} ms`)
    })
  })

  test('what an ended instance left in its group makes room for the next', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('', 'node server.js answers & wait; true'), specOf(place))
    const [one] = await driver.start(intents.start(1), signal)
    const { pid } = await askNow(one)
    const shell = (await platform.processes()).find(({ leads }) => leads)
    await withSupervision(driver, async () => {
      process.kill(shell?.process.pid ?? assert.fail('a shell leads'), 'SIGKILL')
      const word = await eventually('another has the port', async () => {
        const found = await ask(one ?? assert.fail('it started'))
        return found !== null && found.pid !== pid && found
      })
      assert.equal(word.variables['PORT'], String(one?.port))
    })
  })

  test('a start that failed is not repeated by the supervision', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('ends'), specOf(place))
    await withSupervision(driver, async () => {
      await assert.rejects(driver.start(intents.start(1), signal), failsWith('start_failed'))
      await sleep(3 * limits.instanceRestartDelayMsMin)
      const [one] = await driver.observe('shop', place, signal)
      assert.deepEqual([one?.status, one?.restarts], ['exited', 0])
    })
  })

  test('an instance whose port is taken by something else gets another', async (t) => {
    const platform = await platformOf(t)
    const occupant = net.createServer().listen(0, '127.0.0.1')
    t.after(() => occupant.close())
    await once(occupant, 'listening')
    const { port } = occupant.address() as net.AddressInfo
    let asked = 0
    const driver = platform.open({
      findPort: (host, taken) => ((asked += 1) === 1 ? Promise.resolve(port) : findFreePort(host, taken)),
    })
    const [one] = await driver.start(new Intents(platform.release('answers'), specOf(place)).start(1), signal)
    assert.notEqual(one?.port, port)
    assert.equal((await askNow(one)).variables['PORT'], String(one?.port))
  })

  test('no instance gets a port that an environment of its service will listen on, or shows a release on', async (t) => {
    const platform = await platformOf(t)
    const wanted = await freePort()
    const answering = platform.release('answers')
    const preview = await freePort()
    const strategy = {
      kind: 'blueGreen',
      bakeMs: 0,
      keepPrevious: false,
      previewListen: { host: '127.0.0.1', port: preview },
    } as const
    const other = specOf('not-there-yet', { listen: { host: '127.0.0.1', port: wanted }, strategy })
    const release = { ...answering, content: { ...answering.content, environments: [other] } }
    const driver = platform.open({
      findPort: (host, taken) => {
        const free = [wanted, preview].find((port) => !taken(port))
        return free === undefined ? findFreePort(host, taken) : Promise.resolve(free)
      },
    })
    const [one] = await driver.start(new Intents(release, specOf(place)).start(1), signal)
    assert.ok(one !== undefined && one.port !== wanted && one.port !== preview)
  })

  test('a newer intent does not wait for an older one', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('mute'), specOf(place))
    const slow = assert.rejects(driver.start(intents.start(1), signal), failsWith('fence_stale'))
    await eventually('it is on record', async () => (await driver.observe('shop', place, signal)).length === 1)
    await driver.retire(intents.retire(0), signal)
    await slow
    assert.deepEqual(await platform.processes(), [])
  })

  test('a start of what is still ending is a new process on a new port', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('stubborn'), specOf(place, { stopGraceMs: 60_000 }))
    const [first] = await driver.start(intents.start(1), signal)
    const { pid } = await askNow(first)
    const calledOff = new AbortController()
    const retirement = assert.rejects(driver.retire(intents.retire(0), calledOff.signal), failsWith('outcome_unknown'))
    await eventually('it is told to end', async () =>
      (await readFile(logFile(platform, first?.id), 'utf8')).includes('ignored SIGTERM'),
    )
    calledOff.abort()
    await retirement
    const [second] = await driver.start(intents.start(1), signal)
    assert.equal(second?.id, first?.id)
    assert.notEqual((await askNow(second)).pid, pid)
    process.kill(pid, 'SIGKILL')
    await eventually('the first is off the record', async () => {
      const file = recordFile(platform)
      return decodeRecord(await readFile(file, 'utf8'), file).leaving.length === 0
    })
  })

  test('a command does not begin before its process is on record, and never when the control plane is killed first', async (t) => {
    const { stateDir } = await platformOf(t)
    const child = fork(fileURLToPath(new URL('gated.ts', import.meta.url)), [stateDir, 'touch began'])
    const [pid] = (await once(child, 'message')) as [number]
    assert.ok(identify(pid), 'it waits')
    child.kill('SIGKILL')
    await eventually('it has ended', () => identify(pid) === null)
    assert.ok(!(await readdir(stateDir)).includes('began'))
  })

  test('a control plane killed at any moment leaves nothing that the next does not know', async (t) => {
    const platform = await platformOf(t)
    const spec = specOf(place)
    const intents = new Intents(platform.release('answers'), spec)
    let request: StartRequest = intents.start(2)
    for (const [attempt, afterMs] of [0, 12, 40].entries()) {
      const child = fork(fileURLToPath(new URL('control-plane.ts', import.meta.url)), [
        platform.stateDir,
        JSON.stringify(request),
      ])
      await once(child, 'message')
      await sleep(afterMs)
      child.kill('SIGKILL')
      await once(child, 'exit')
      const driver = platform.open()
      const instances = await driver.start(request, signal)
      const said = await Promise.all(instances.map(async (one) => (await askNow(one)).pid))
      await eventually(`nothing else runs, attempt ${attempt}`, async () => {
        const leaders = (await platform.processes()).filter(({ leads }) => leads).map((one) => one.process.pid)
        return leaders.length === said.length && said.every((pid) => leaders.includes(pid))
      })
      await driver.retire(intents.retire(attempt % 2), signal)
      request = intents.start(2)
    }
  })

  test('a retirement that a killed control plane began is finished by the next', async (t) => {
    const platform = await platformOf(t)
    const intents = new Intents(platform.release('answers'), specOf(place))
    const [one] = await platform.open().start(intents.start(1), signal)
    await editRecord(platform, (record) => ({
      ...record,
      wanted: [],
      instances: [],
      leaving: record.instances.flatMap(({ id, release, port, process }) =>
        process === null ? [] : [{ id, release, port, process, stopGraceMs: 2_000 }],
      ),
    }))
    await withSupervision(platform.open(), async () => {
      await eventually('it is gone', async () => (await ask(one ?? assert.fail('it started'))) === null)
    })
  })

  test('a damaged record is refused by name and leaves the instances alone; without it they are found by their marks', async (t) => {
    const platform = await platformOf(t)
    const intents = new Intents(platform.release('answers'), specOf(place))
    const instances = await platform.open().start(intents.start(2), signal)
    const file = recordFile(platform)
    const text = await readFile(file, 'utf8')
    for (const damaged of [text.slice(0, -20), text.replace('"token":1', '"token":0'), '']) {
      await writeFile(file, damaged)
      const next = platform.open()
      await assert.rejects(next.observe('shop', place, signal), failsWith('store_corrupt'))
      await assert.rejects(next.start(intents.start(2), signal), failsWith('store_corrupt'))
      await withSupervision(next, () => askNow(instances[1]).then(() => {}))
    }
    await rm(file)
    const next = platform.open()
    assert.deepEqual(await next.observe('shop', place, signal), instances)
    assert.deepEqual(await next.start(intents.start(2), signal), instances)
  })

  test('an artifact that is damaged or missing is never run', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const start = new Intents(platform.release('answers'), specOf(place)).start(1)
    const file = join(platform.stateDir, 'artifacts', 'sha256', `${platform.artifact.digest.slice(7)}.tar`)
    const whole = await readFile(file)
    await writeFile(file, Buffer.concat([whole, Buffer.from('!')]))
    await assert.rejects(driver.start(start, signal), failsWith('artifact_mismatch'))
    await assert.rejects(driver.start(start, signal), failsWith('artifact_missing'))
    assert.deepEqual(await readdir(join(platform.stateDir, 'releases')), [], 'nothing half unpacked is left')
    assert.deepEqual(await driver.observe('shop', place, signal), [])
    await writeFile(file, whole)
    assert.equal((await driver.start(start, signal)).length, 1)
  })

  test('what a killed control plane left half unpacked is not used', async (t) => {
    const platform = await platformOf(t)
    const release = platform.release('answers')
    const folder = join(platform.stateDir, 'releases', release.id)
    const start = new Intents(release, specOf(place)).start(1)
    const [one] = await platform.open().start(start, signal)
    await Promise.all([rm(`${folder}.json`), rm(join(folder, 'server.js'))])
    process.kill((await askNow(one)).pid, 'SIGKILL')
    const driver = platform.open()
    const [again] = await driver.start({ ...start, fence: { token: 2, sequence: 1 } }, signal)
    assert.equal(again?.port, one?.port)
  })

  test('a release whose start artifact it does not carry is refused', async (t) => {
    const platform = await platformOf(t)
    const release = platform.release('answers')
    const content = { ...release.content, start: { ...release.content.start, artifact: 'other' } }
    const start = new Intents({ ...release, content }, specOf(place)).start(1)
    await assert.rejects(platform.open().start(start, signal), failsWith('artifact_missing'))
  })

  test('a log that grew too long is cut under its writer, and says so', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const spec = specOf(place, { config: { LINE_BYTES: '5000' } })
    const [one] = await driver.start(new Intents(platform.release('chatty'), spec).start(1), signal)
    const file = logFile(platform, one?.id)
    await boundLog(file, 10_000)
    assert.ok((await stat(file)).size > 5_000, 'within its bounds it is left alone')
    await boundLog(file, 4_000)
    const [line, ...more] = await driver.logs(one?.id ?? '', 20, signal)
    assert.match(line ?? '', /^\[sluice\] this log passed 4000 bytes/)
    assert.deepEqual(more, [])
    assert.match(await readFile(`${file}.1`, 'utf8'), /^the first line\n/)
  })

  test('being called off before anything was started leaves nothing', async (t) => {
    const platform = await platformOf(t)
    const driver = platform.open()
    const intents = new Intents(platform.release('answers'), specOf(place))
    await assert.rejects(driver.start(intents.start(1), AbortSignal.abort()), failsWith('outcome_unknown'))
    assert.deepEqual(await driver.observe('shop', place, signal), [])
  })
})
