/**
 * One gateway for each state directory. The lock is an abstract unix socket (Linux), which the kernel frees when its holder dies, however it dies;
 * elsewhere it is the control socket itself, which a live gateway answers on.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'

/** A held lock. */
export type StateLock = { readonly release: () => Promise<void> }

const running = (stateDir: string): SluiceError =>
  new SluiceError('gateway_running', {
    detail: `another gateway serves from ${stateDir}`,
    hint: 'start with --take-over to replace it without closing its ports',
  })

/** Between two attempts, milliseconds. */
const againMs = 2

/** Takes the lock; throws `gateway_running`. `patiently` waits a moment for a holder that is just dying. */
export const lockState = async (
  stateDir: string,
  socketFile: string,
  how: 'now' | 'patiently' = 'now',
): Promise<StateLock> => {
  for (let leftMs = how === 'now' ? 0 : limits.gatewayLockWaitMs; ; leftMs -= againMs) {
    try {
      return await tryToLock(stateDir, socketFile)
    } catch (error) {
      if (leftMs <= 0 || !(error instanceof SluiceError)) throw error
      await setTimeout(againMs)
    }
  }
}

const tryToLock = async (stateDir: string, socketFile: string): Promise<StateLock> => {
  if (process.platform !== 'linux') {
    if (await answers(socketFile)) throw running(stateDir)
    return { release: async () => {} }
  }
  const name = `\0sluice-gateway-${createHash('sha256').update(fs.realpathSync(stateDir)).digest('hex')}`
  const server = net.createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject('code' in error && error.code === 'EADDRINUSE' ? running(stateDir) : error))
    server.listen(name, () => resolve())
  })
  server.unref()
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

const answers = (socketFile: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(socketFile)
    const settle = (alive: boolean): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
