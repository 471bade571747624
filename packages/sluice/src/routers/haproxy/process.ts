/** One HAProxy as a process: started detached, so that it outlives whoever started it; reloaded on the same sockets; ended softly. */
import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { setTimeout as rest } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Route } from '../../core/routing.ts'
import { identify, runningIn } from '../../lib/process-identity.ts'
import { writeWhole } from '../../lib/files.ts'
import { ask, askMaster } from './connection.ts'
import type { Place } from './place.ts'
import { identityQuestion, parseIdentity, reloadRequest, workersQuestion } from './requests.ts'

/** A worker that answers; `process` tells it from any other. */
export type Worker = { readonly process: string; readonly digest: string }

const lookEveryMs = 10

/** The worker that serves now; null when none answers. */
export const workerOf = async ({ adminSocket }: Place): Promise<Worker | null> => {
  const text = await ask(adminSocket, identityQuestion)
  const known = text === null ? null : parseIdentity(text)
  if (text === null || known === null) return null
  const startedAt = /^Start_time_sec: (\d+)$/m.exec(text)?.[1] ?? identify(known.pid)?.startTime ?? ''
  return { process: `${known.pid}@${startedAt}`, digest: known.digest }
}

/** Starts it with the settings as they are written, and waits until it answers. `port_in_use` where it cannot listen, `tool_missing` where it does not take its settings. */
export const startHaproxy = async (place: Place, program: string): Promise<Worker> => {
  const output = openSync(place.logFile, 'w', 0o600)
  const words = ['-W', '-db', '-S', `${place.masterSocket},mode,600`, '-f', place.settingsFile]
  const child = spawn(program, words, { detached: true, stdio: ['ignore', output, output], cwd: place.folder })
  closeSync(output)
  // Said by what follows: it has no process id then.
  child.on('error', () => {})
  child.unref()
  if (child.pid !== undefined) await writeWhole(place.processFile, JSON.stringify(identify(child.pid)))
  const isRunning = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  for (const until = performance.now() + limits.gatewayStartMs; performance.now() < until && isRunning();) {
    const worker = await workerOf(place)
    if (worker !== null && (await askMaster(place.masterSocket, workersQuestion)) !== null) return worker
    await rest(lookEveryMs)
  }
  throw await startError(place)
}

/** Has the running one take the settings as they are written: a new worker on the same listening sockets, while the old one ends what it has. */
export const reloadHaproxy = async (place: Place, program: string, digest: string): Promise<Worker> => {
  await promisify(execFile)(program, ['-c', '-f', place.settingsFile], { cwd: place.folder }).catch(
    (error: unknown) => {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
      throw new SluiceError('route_unconfirmed', {
        detail: `HAProxy does not take its settings: ${said.slice(-1_000)}`,
      })
    },
  )
  if ((await askMaster(place.masterSocket, workersQuestion)) === null)
    throw new SluiceError('gateway_unreachable', { detail: `no HAProxy answers at ${place.masterSocket}` })
  await ask(place.masterSocket, reloadRequest)
  for (const until = performance.now() + limits.gatewayStartMs; performance.now() < until;) {
    const worker = await workerOf(place)
    if (worker?.digest === digest) return worker
    await rest(lookEveryMs)
  }
  throw new SluiceError('outcome_unknown', {
    detail: `HAProxy did not come up with its new settings: ${await endOf(place.logFile)}`,
    hint: `the worker before serves on; look into ${place.logFile}`,
  })
}

/** Ends it softly: it stops listening, and goes when what it has is served. Fulfilled when it listens no more. One that does not listen to that in time is ended. */
export const endHaproxy = async (place: Place): Promise<void> => {
  const master = masterOf(await askMaster(place.masterSocket, workersQuestion)) ?? runningIn(place.processFile)?.pid
  if (master === undefined) return
  const until = performance.now() + limits.callMarginMs
  // One that has only just begun may miss the first.
  while (performance.now() < until && send(master, 'SIGUSR1')) {
    for (let looks = 0; looks < looksPerSignal; looks += 1) {
      if ((await ask(place.adminSocket, identityQuestion)) === null) return
      await rest(lookEveryMs)
    }
  }
  send(master, 'SIGTERM')
}

const looksPerSignal = 20

const send = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Refuses where something listens already, before anything is changed. */
export const refuseTaken = ({ listen, environment }: Route): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', (cause) => {
      const detail = `${listen.host}:${listen.port}, where ${environment} is to be reached, is not free: ${cause.message}`
      reject(new SluiceError('port_in_use', { detail, cause }))
    })
    server.listen({ ...listen, exclusive: true }, () => server.close(() => resolve()))
  })

const masterOf = (text: string | null): number | undefined => {
  const pid = /^(\d+)\s+master/m.exec(text ?? '')?.[1]
  return pid === undefined ? undefined : Number(pid)
}

const startError = async (place: Place): Promise<SluiceError> => {
  const said = await endOf(place.logFile)
  return /cannot bind/.test(said)
    ? new SluiceError('port_in_use', { detail: `HAProxy cannot listen: ${said}` })
    : new SluiceError('gateway_unreachable', {
        detail: `HAProxy does not come to serve: ${said}`,
        hint: `look into ${place.logFile}`,
      })
}

const endOf = async (file: string): Promise<string> =>
  (await readFile(file, 'utf8').catch(() => '')).slice(-1_000).trim()
