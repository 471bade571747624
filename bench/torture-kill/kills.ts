/** The killing: of the control plane, and of the gateway, at random moments of rollouts, under load. */
import http from 'node:http'
import type { LoadReport } from '../cutover/load/load.ts'
import { type Acknowledged, startOperators } from './operators.ts'
import { eventually, killPid, rest } from '../lib/control-plane.ts'
import { between, environmentNames, gatewayPid, type World } from './world.ts'

/** What a phase of killing gave. */
export type Phase = {
  readonly kills: number
  readonly seconds: number
  readonly report: LoadReport
  readonly acknowledged: Acknowledged
}

/** Kills of the gateway, with when each was made (epoch ms) and how long it took until a request was answered again. */
export type GatewayPhase = Phase & {
  readonly outages: readonly { readonly at: number; readonly servingAgainMs: number }[]
}

/** Kills the control plane again and again. It is started again at once, as its supervisor would; the gateway tries as well. */
export const killControlPlane = (world: World, kills: number, progress: (text: string) => void): Promise<Phase> =>
  underLoad(world, kills, async () => {
    for (let done = 1; done <= kills; done += 1) {
      // From the middle of recovery to the middle of a rollout.
      await rest(between(60, 1_400))
      world.controlPlane.kill()
      world.controlPlane.start()
      if (done % 20 === 0) progress(`${done} of ${kills} kills of the control plane`)
    }
  })

/** Kills the gateway again and again; its keeper, the control plane, starts it again. */
export const killGateway = async (
  world: World,
  kills: number,
  progress: (text: string) => void,
): Promise<GatewayPhase> => {
  const outages: { at: number; servingAgainMs: number }[] = []
  const phase = await underLoad(world, kills, async () => {
    for (let done = 1; done <= kills; done += 1) {
      await rest(between(300, 1_800))
      const pid = await eventually(() => mustAnswer(world.stateDir))
      const at = Date.now()
      const killedAt = performance.now()
      killPid(pid)
      await Promise.all(world.ports.map((port) => untilServed(port)))
      outages.push({ at, servingAgainMs: performance.now() - killedAt })
      if (done % 20 === 0) progress(`${done} of ${kills} kills of the gateway`)
    }
  })
  return { ...phase, outages }
}

const underLoad = async (world: World, kills: number, work: () => Promise<void>): Promise<Phase> => {
  const load = world.startLoad()
  const operators = startOperators(world, environmentNames)
  await rest(1_000)
  const startedAt = performance.now()
  await work()
  const acknowledged = await operators.stop()
  const report = await load.stop()
  return { kills, seconds: (performance.now() - startedAt) / 1_000, report, acknowledged }
}

const mustAnswer = async (stateDir: string): Promise<number> => {
  const pid = await gatewayPid(stateDir)
  if (pid === null) throw new Error('no gateway answers')
  return pid
}

/** Resolves with the first good answer on a port. */
const untilServed = async (port: number): Promise<void> => {
  while (!(await isServed(port))) await rest(2)
}

const isServed = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/', agent: false, timeout: 1_000 }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200))
      response.on('error', () => resolve(false))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
