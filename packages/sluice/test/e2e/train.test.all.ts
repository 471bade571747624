/** Two services of two repositories that share a control plane, typed into the real command line: both arrive, or both come back. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sluice, type Ended } from '../cli/sluice.ts'
import { freePort } from '../free-port.ts'
import { makeProject, type Project } from './project.ts'

const services = ['api', 'web'] as const
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

test('two services arrive together, and one that does not arrive takes the other back', async () => {
  for (const index of [0, 1]) wellDone(await typeIn(index, 'run'))
  wellDone(await type('train', 'start', 'api/production', 'web/production'))
  deepStrictEqual(await versions(), ['1.0.0', '1.0.0'])

  await projects[0]?.commit('2.0.0')
  await projects[1]?.commit('2.0.0', { healthy: false })
  wellDone(await type('down'))
  for (const index of [0, 1]) wellDone(await typeIn(index, 'run'))
  const back = await type('train', 'start', 'api/production', 'web/production', '-m', 'the new checkout')
  strictEqual(back.code, 3, back.stdout + back.stderr)
  match(back.stdout, /rolled back/)
  match(back.stdout, /web\/production: .*was taken back/)
  deepStrictEqual(await versions(), ['1.0.0', '1.0.0'])
  const shown = await type('train', 'ls', '--json')
  const { trains } = JSON.parse(shown.stdout) as { readonly trains: readonly { readonly status: string }[] }
  deepStrictEqual(
    trains.map(({ status }) => status),
    ['rolled_back', 'succeeded'],
  )
})
