/**
 * `npm run bench:gateway`: Sluice's gateway against HAProxy, nginx and Caddy on the same upstream, in the same run, in turn.
 *
 * The proxy has core 0 for itself; the load generator (wrk) and the upstream share core 1. A fast proxy leaves its core partly idle, waiting for
 * core 1, so requests a second understate it. The figure that is truly per core is requests for each second of processor time that the proxy
 * used (/proc/PID/stat), and the ratios use that one; the ratios of plain requests a second are given beside it.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { cpuSecondsOf, describeMachine, memoryMbOf } from '../lib/machine.ts'
import type { Figure } from '../lib/report.ts'
import { median, progress, report } from '../lib/report.ts'
import type { Proxy } from './peers.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { installPeers, loadCore, proxies, startUpstream } from './peers.ts'

type Plan = {
  readonly rounds: number
  readonly seconds: number
  readonly latencyRounds: number
  readonly latencySeconds: number
}
type Round = { readonly perSecond: number; readonly perCpuSecond: number }
type Rates = ReadonlyMap<string, readonly Round[]>

const connections = 64
const restingConnections = 128
const quick: Plan = { rounds: 1, seconds: 2, latencyRounds: 2, latencySeconds: 2 }
const full: Plan = { rounds: 5, seconds: 4, latencyRounds: 5, latencySeconds: 5 }

/** Runs a program on the core of the load; gives its output. */
const onLoadCore = (command: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn('taskset', ['-c', String(loadCore), ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (output += String(text)))
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command.join(' ')} ended with ${code}`)),
    )
  })

const wrk = async (port: number, seconds: number): Promise<number> => {
  const output = await onLoadCore(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, `http://127.0.0.1:${port}/file`])
  const errors = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(output)
  if (errors) progress(`  errors on port ${port}: ${errors[0]}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0)
}

const measureRound = async (proxy: Proxy, seconds: number): Promise<Round> => {
  const before = cpuSecondsOf(proxy.pid)
  const perSecond = await wrk(proxy.port, seconds)
  const used = cpuSecondsOf(proxy.pid) - before
  return { perSecond, perCpuSecond: (perSecond * seconds) / used }
}

const measureRates = async (running: readonly Proxy[], plan: Plan): Promise<Rates> => {
  const rates = new Map<string, Round[]>(running.map(({ name }) => [name, []]))
  for (const proxy of running) await wrk(proxy.port, 1)
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const proxy of running) rates.get(proxy.name)?.push(await measureRound(proxy, plan.seconds))
    progress(
      `round ${round}/${plan.rounds}: ${running.map(({ name }) => `${name} ${Math.round(rates.get(name)?.at(-1)?.perCpuSecond ?? 0)}`).join(', ')} requests per CPU second`,
    )
  }
  return rates
}

/** Each connection rests for a random time after each answer, so that requests come independently of each other. */
const restScript = (restMs: number): string => `function delay() return math.random(0, ${2 * restMs}) end\n`

/**
 * The 99th percentile of the latency, milliseconds, at about a fixed rate: many connections, each of which rests most of the time. (A generator that
 * fires all its connections on one tick would measure the depth of its own bursts.)
 */
const p99 = async (
  port: number,
  load: { requestsPerSecond: number; seconds: number; folder: string },
): Promise<number> => {
  const script = path.join(load.folder, 'rest.lua')
  const restMs = Math.max(1, Math.round((restingConnections / load.requestsPerSecond) * 1_000))
  fs.writeFileSync(script, restScript(restMs))
  const command = ['wrk', '-t1', `-c${restingConnections}`, `-d${load.seconds}s`, '--latency', '-s', script]
  const output = await onLoadCore([...command, `http://127.0.0.1:${port}/file`])
  const sent = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0)
  if (sent < load.requestsPerSecond * 0.8) progress(`  only ${Math.round(sent)} requests/s were sent to port ${port}`)
  const [, value = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(output) ?? []
  return Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1_000 : 1)
}

/** p99 through the proxy minus p99 of the upstream asked directly, in turn, at the same rate. */
const measureAdded = async (
  proxy: Proxy,
  upstream: Proxy,
  load: { requestsPerSecond: number; seconds: number; folder: string; rounds: number },
): Promise<{ added: number; direct: number; through: number }> => {
  const direct: number[] = []
  const through: number[] = []
  for (let round = 1; round <= load.rounds; round += 1) {
    direct.push(await p99(upstream.port, load))
    through.push(await p99(proxy.port, load))
    progress(
      `latency ${round}/${load.rounds}: p99 ${direct.at(-1)?.toFixed(3)} ms directly, ${through.at(-1)?.toFixed(3)} ms through the gateway`,
    )
  }
  return {
    added: median(through.map((value, index) => value - (direct[index] ?? 0))),
    direct: median(direct),
    through: median(through),
  }
}

const middle = (rates: Rates, name: string, kind: keyof Round): number =>
  median((rates.get(name) ?? []).map((round) => round[kind]))

const figuresOf = (
  rates: Rates,
  latency: { added: number; direct: number; through: number; rate: number },
  memoryMb: number,
): Figure[] => {
  const perCpu = (name: string): number => middle(rates, name, 'perCpuSecond')
  const perSecond = (name: string): number => middle(rates, name, 'perSecond')
  const ratio = (name: string, value: number): Figure => ({ name, value, unit: '×' })
  return [
    { name: 'gateway.requestsPerSecond', value: perSecond('gateway'), unit: 'requests/s' },
    ...['gateway', 'haproxy', 'nginx', 'caddy'].map((name) => ({
      name: `${name}.requestsPerCpuSecond`,
      value: perCpu(name),
      unit: 'requests/CPU s',
    })),
    ratio('gateway.vsCaddy', perCpu('gateway') / perCpu('caddy')),
    ratio('gateway.vsHaproxy', perCpu('gateway') / perCpu('haproxy')),
    ratio('gateway.vsNginx', perCpu('gateway') / perCpu('nginx')),
    ...['haproxy', 'nginx', 'caddy'].map((name) => ({
      name: `${name}.requestsPerSecond`,
      value: perSecond(name),
      unit: 'requests/s',
    })),
    ratio('gateway.vsCaddyWall', perSecond('gateway') / perSecond('caddy')),
    ratio('gateway.vsHaproxyWall', perSecond('gateway') / perSecond('haproxy')),
    ratio('gateway.vsNginxWall', perSecond('gateway') / perSecond('nginx')),
    { name: 'gateway.addedP99Ms', value: latency.added, unit: 'ms' },
    { name: 'gateway.halfLoadRequestsPerSecond', value: latency.rate, unit: 'requests/s' },
    { name: 'gateway.halfLoadP99Ms', value: latency.through, unit: 'ms' },
    { name: 'direct.halfLoadP99Ms', value: latency.direct, unit: 'ms' },
    { name: 'gateway.memoryMb', value: memoryMb, unit: 'MB' },
  ]
}

/**
 * With `--priority`, for a machine that is shared: everything started from here goes before its neighbours (and may starve them), also where Linux
 * shares the processor by sessions first (sched_autogroup). Gives what undoes it.
 */
const preferBench = (): (() => void) => {
  const autogroup = '/proc/self/autogroup'
  try {
    os.setPriority(os.constants.priority.PRIORITY_HIGHEST)
    if (!fs.existsSync(autogroup)) return () => {}
    fs.writeFileSync(autogroup, '-20')
    return () => fs.writeFileSync(autogroup, '0')
  } catch {
    progress('not allowed to raise the priority: other programs on this machine show in the figures')
    return () => {}
  }
}

const main = async (args: readonly string[]): Promise<void> => {
  const plan = args.includes('--quick') ? quick : full
  const machine = describeMachine()
  const undoPriority = args.includes('--priority') ? preferBench() : () => {}
  if (machine.cores < 2) progress('one core only: proxy and load share it, and the figures say little')
  installPeers()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'))
  const running: Proxy[] = []
  try {
    const upstream = await startUpstream({ folder, port: await freePort() })
    running.push(upstream)
    for (const [, start] of proxies)
      running.push(await start({ folder, port: await freePort(), upstreamPort: upstream.port }))
    const measured = running.filter((proxy) => proxy !== upstream)
    const [gateway] = measured
    if (!gateway) throw new Error('no gateway')
    const rates = await measureRates(measured, plan)
    const rate = Math.round(middle(rates, 'gateway', 'perSecond') / 2)
    const load = { requestsPerSecond: rate, seconds: plan.latencySeconds, folder, rounds: plan.latencyRounds }
    const latency = await measureAdded(gateway, upstream, load)
    const peer = measured.find(({ name }) => name === 'haproxy')
    const compared = peer ? await measureAdded(peer, upstream, load) : null
    const figures = [
      ...figuresOf(rates, { ...latency, rate }, memoryMbOf(gateway.pid)),
      ...(compared ? [{ name: 'haproxy.addedP99Ms', value: compared.added, unit: 'ms' }] : []),
    ]
    report({
      command: 'bench:gateway',
      machine,
      figures,
      notes: [
        'vsCaddy, vsHaproxy, vsNginx compare requests per second of processor time; the …Wall ratios compare requests per second,',
        'where a fast proxy waits for the core that load generator and upstream share.',
        `Medians of ${plan.rounds} rounds in turn, ${connections} connections, 1 kB answers; the gateway splits 95/5 with an armed tripwire.`,
      ],
      json: args.includes('--json'),
    })
  } finally {
    undoPriority()
    for (const proxy of running) await proxy.stop()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv.slice(2))
