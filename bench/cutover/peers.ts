/** The same load on a peer whose backend is switched again and again. Both backends stay up: only the switch is measured. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { type LoadFailure, mixedClients, startLoad } from './load/load.ts'
import type { Peer, PeerSetting } from './peer-configs.ts'
import { type Calm, type Comparison, compare, type Shift } from './windows.ts'

/** How much is done. */
export type PeerPlan = { readonly switches: number; readonly requestsPerSecond: number; readonly calmMs: number }

/** What came of it. */
export type PeerResult = {
  readonly switches: number
  readonly requests: number
  readonly failed: number
  readonly failures: readonly LoadFailure[]
  readonly comparison: Comparison
}

const service = fileURLToPath(new URL('../../packages/sluice/test/e2e/service', import.meta.url))
const betweenSwitchesMs = 1_000

/** Starts two backends and the peer, switches under load, and takes everything down. */
export const cutOverPeer = async (peer: Peer, plan: PeerPlan): Promise<PeerResult> => {
  const directory = await mkdtemp(join(tmpdir(), `sluice-${peer.name}-`))
  const children: ChildProcess[] = []
  try {
    const backends = [
      await startBackend(directory, '1.0.0', children),
      await startBackend(directory, '2.0.0', children),
    ]
    const fixed = { directory, port: await freePort(), adminPort: await freePort() }
    const settingOf = (round: number): PeerSetting => ({ ...fixed, backendPort: backends[round % 2] ?? 0 })
    peer.write(settingOf(0))
    const [program = '', ...args] = peer.start(settingOf(0))
    const running = spawn(program, args, { stdio: 'ignore', env: { ...process.env, HOME: directory } })
    children.push(running)
    await answers(fixed.port)
    const target = { host: '127.0.0.1', port: fixed.port }
    const load = startLoad({ groups: [{ target, clients: mixedClients(plan.requestsPerSecond) }] })
    await rest(2_000)
    const calms: Calm[] = []
    const shifts: Shift[] = []
    const from = Date.now()
    await rest(plan.calmMs)
    calms.push({ from, until: Date.now() })
    for (let round = 1; round <= plan.switches; round += 1) {
      peer.write(settingOf(round))
      shifts.push({ group: 0, at: Date.now() })
      await peer.reload(settingOf(round), running)
      await rest(betweenSwitchesMs)
    }
    const report = await load.stop()
    const requests = Object.values(report.requests).reduce((sum, count) => sum + count, 0)
    const { failed, failures } = report
    return { switches: plan.switches, requests, failed, failures, comparison: compare(report, shifts, calms) }
  } finally {
    for (const child of children.toReversed()) await end(child)
    await rm(directory, { recursive: true, force: true })
  }
}

const startBackend = async (directory: string, version: string, children: ChildProcess[]): Promise<number> => {
  const port = await freePort()
  const folder = join(directory, version)
  await cp(service, folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'tiny', version, type: 'module' }))
  await writeFile(join(folder, 'behaviour.json'), JSON.stringify({ badEvery: 0, healthy: true, exitAtOnce: false }))
  const env = { ...process.env, HOST: '127.0.0.1', PORT: String(port) }
  children.push(spawn(process.execPath, ['server.js'], { cwd: folder, env, stdio: 'ignore' }))
  await answers(port)
  return port
}

const answers = async (port: number): Promise<void> => {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/healthz`)
      await response.arrayBuffer()
      if (response.ok) return
    } catch {
      // Not yet.
    }
    await rest(25)
  }
  throw new Error(`nothing answers on port ${port}`)
}

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2_000)
  await ended
  clearTimeout(timer)
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
