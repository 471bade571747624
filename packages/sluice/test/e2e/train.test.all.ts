/** Three services of three repositories that share a control plane, typed into the real command line: all arrive, or all come back. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sluice, type Ended } from '../cli/sluice.ts'
import { freePort } from '../free-port.ts'
import { makeProject, type Project } from './project.ts'

const services = ['api', 'web', 'jobs'] as const
const projects: Project[] = []
const ports: number[] = []
let stateDir = ''

before(async () => {
  stateDir = await realpath(await mkdtemp(join(tmpdir(), 'sluice-train-')))
  for (const service of services) {
    const listen = await freePort()
    ports.push(listen)
    projects.push(
      await makeProject(
        { production: { listen, stopGrace: '1s', drainTimeout: '1s', progressDeadline: '4s' } },
        { service },
      ),
    )
  }
})
after(async () => {
  await type('down', '--all')
  for (const project of projects) await project.remove()
  await rm(stateDir, { recursive: true, force: true })
})

const type = (...words: readonly string[]): Promise<Ended> => typeIn(0, ...words)
const typeIn = (index: number, ...words: readonly string[]): Promise<Ended> =>
  sluice({ cwd: projects[index]?.directory ?? '' }, '--state-dir', stateDir, ...words)

const versions = (): Promise<readonly string[]> =>
  Promise.all(
    ports.map(async (port) => {
      const response = await fetch(`http://127.0.0.1:${port}/show`)
      const { version } = (await response.json()) as { readonly version: string }
      return version.split('+')[0] ?? ''
    }),
  )

const wellDone = ({ code, stdout, stderr }: Ended): void => strictEqual(code, 0, stdout + stderr)

const everyone = services.map((service) => `${service}/production`)

test('three services arrive together, and a bad release of the one in the middle takes the others back until it is mended', async () => {
  for (const index of services.keys()) wellDone(await typeIn(index, 'run'))
  wellDone(await type('train', 'start', ...everyone))
  deepStrictEqual(await versions(), ['1.0.0', '1.0.0', '1.0.0'])

  for (const [index, service] of services.entries())
    await projects[index]?.commit('2.0.0', { healthy: service !== 'web' })
  wellDone(await type('down'))
  for (const index of services.keys()) wellDone(await typeIn(index, 'run'))
  const back = await type('train', 'start', ...everyone, '--parallel', '-m', 'the new checkout')
  strictEqual(back.code, 3, back.stdout + back.stderr)
  match(back.stdout, /rolled back/)
  match(back.stdout, /web\/production: .*was taken back/)
  deepStrictEqual(await versions(), ['1.0.0', '1.0.0', '1.0.0'])

  const [id = ''] = /tra_\w+/.exec(back.stdout) ?? []
  const why = await type('why', id)
  match(why.stdout, /started with 3 releases, all at once: the new checkout/)
  match(why.stdout, /jobs\/production is back: taken back by rol_\w+[^]*api\/production is back: taken back by rol_/)

  await projects[1]?.commit('2.0.1')
  wellDone(await type('down'))
  wellDone(await typeIn(1, 'run'))
  const held = await type('train', 'start', ...everyone)
  strictEqual(held.code, 5, held.stdout)
  match(held.stderr, /api\/production: 2\.0\.0\S* .* is held by .*--despite-hold/s)
  wellDone(await type('train', 'start', ...everyone, '--despite-hold'))
  deepStrictEqual(await versions(), ['2.0.0', '2.0.1', '2.0.0'])
  const shown = await type('train', 'ls', '--json')
  const { trains } = JSON.parse(shown.stdout) as { readonly trains: readonly { readonly status: string }[] }
  deepStrictEqual(
    trains.map(({ status }) => status),
    ['succeeded', 'rolled_back', 'succeeded'],
  )
})
