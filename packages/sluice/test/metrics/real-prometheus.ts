/** Debian's real `prometheus`, which is installed where it is not there, and an instance that it scrapes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import assert from 'node:assert/strict'
import { prometheusSource } from '../../src/adapters/metrics/prometheus/source.ts'
import type { MetricsWorld, Series } from '../contracts/metrics.contract.ts'
import { freePort } from '../free-port.ts'
import { serving } from './little-prometheus.ts'

const program = (): string => {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' })
  } catch {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'prometheus'], {
      stdio: 'ignore',
      env: environment,
    })
  }
  return 'prometheus'
}

/** The text format that instances show their counters in. */
const exposition = (counters: Readonly<Record<string, readonly Series[]>>): string =>
  Object.entries(counters)
    .flatMap(([name, series]) => [
      `# TYPE ${name} counter`,
      ...series.map(({ labels, value }) => {
        const written = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`)
        return `${name}{${written.join(',')}} ${value}`
      }),
    ])
    .join('\n')

/** The world of the contract over a Prometheus that scrapes one target, five times a second. */
export const realPrometheus = async (): Promise<MetricsWorld> => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'))
  let shown: string | null = ''
  let scrapes = 0
  const instance = await serving((_, __, response) => {
    scrapes += 1
    response.writeHead(shown === null ? 503 : 200, { 'content-type': 'text/plain; version=0.0.4' })
    response.end(`${shown ?? ''}\n`)
  })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await writeFile(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
      scrape_configs: [
        { job_name: 'shop', static_configs: [{ targets: [new URL(instance.url).host] }], honor_labels: true },
      ],
    }),
  )
  const server: ChildProcess = spawn(
    program(),
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    for (let left = 300; left > 0; left -= 1) {
      if (await holds().catch(() => false)) return
      await sleep(50)
    }
    assert.fail('Prometheus does not come to it')
  }
  await until(async () => (await fetch(`${url}/-/ready`)).ok)
  // Two scrapes later what was shown is what is stored.
  const scraped = async (): Promise<void> => {
    const wanted = scrapes + 3
    await until(async () => scrapes >= wanted)
  }
  return {
    source: prometheusSource({ now: Date.now, era: 'test' }),
    url,
    expose: async (counters) => {
      shown = exposition(counters)
      await scraped()
    },
    drop: async () => {
      shown = null
      await scraped()
    },
    remove: async () => {
      server.kill('SIGKILL')
      await once(server, 'exit')
      await instance.close()
      await rm(folder, { recursive: true })
    },
  }
}
