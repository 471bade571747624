/** The API under many clients: the overview asked again and again, and hundreds of event streams that are told every row. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import type { Client } from '../../packages/sluice/src/http/client/client.ts'
import { rest, startControlPlane } from '../lib/control-plane.ts'
import { progress, quantile } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, onThisMachine } from '../lib/targets.ts'
import { askAgain, listenToEvents, type Place } from './asking.ts'

const overviewPath = '/v1/environments'
const connections = 32
const streams = 500
/** Pause between two commands while the streams are measured, milliseconds. */
const pauseMs = 40

/** Measures with a service that serves three environments. */
export const measureHttp = async ({ quick }: { readonly quick: boolean }): Promise<readonly Bounded[]> => {
  const names = ['preview', 'staging', 'production']
  const environments = await Promise.all(
    names.map(
      async (name) => [name, { after: null, listen: await freePort(), instances: 1, stopGrace: '1s' }] as const,
    ),
  )
  const project = await makeProject(Object.fromEntries(environments))
  const stateDir = await makeStateDir()
  const desk = await openDesk(project.directory, stateDir)
  const release = (await desk.cut()).id
  for (const name of names) await desk.rollOut(name, release)
  await desk.close()
  const { client, controlPlane } = await startControlPlane({ projectDir: project.directory, stateDir, actor: 'bench' })
  const place = { url: client.url, token: readFileSync(join(stateDir, 'token'), 'utf8').trim() }
  try {
    return [...(await overview(place, quick)), ...(await streaming(client, place, quick))]
  } finally {
    await controlPlane.end()
    await removeState(stateDir, names, project.directory)
    await project.remove()
  }
}

const overview = async (place: Place, quick: boolean): Promise<readonly Bounded[]> => {
  const seconds = quick ? 4 : 15
  progress(`the overview over ${connections} connections for ${seconds} s`)
  await askAgain(place, { path: overviewPath, connections, seconds: 1 })
  const { answers, failed, ms, seconds: took } = await askAgain(place, { path: overviewPath, connections, seconds })
  return [
    onThisMachine(atLeast({ name: 'server.requestsPerSecond', value: answers / took, unit: 'requests/s' }, 2_000)),
    { name: 'server.requestMsP99', value: quantile(ms.toSorted(ascending), 0.99), unit: 'ms' },
    atMost({ name: 'server.failedRequests', value: failed, unit: 'requests' }, 0),
  ]
}

const streaming = async (client: Client, place: Place, quick: boolean): Promise<readonly Bounded[]> => {
  const commands = quick ? 60 : 400
  progress(`${commands} commands, told to ${streams} event streams`)
  const from = (await client.call('ledger.page', { query: { limit: 500 } })).rows.at(-1)?.seq ?? 0
  const listeners = await listenToEvents(place, streams)
  const params = { environment: 'preview' }
  for (let sent = 0; sent < commands; sent += 2) {
    await client.call('environments.lock', { params, body: { reason: 'measured' } })
    await rest(pauseMs)
    await client.call('environments.unlock', { params, body: {} })
    await rest(pauseMs)
  }
  await rest(1_000)
  const rows = (await client.call('ledger.page', { query: { after: from, limit: 500 } })).rows
  const ended = listeners.ended()
  listeners.close()
  const lags = rows.flatMap(({ seq, at }) => (listeners.arrivals.get(seq) ?? []).map((arrivedAt) => arrivedAt - at))
  const missing = rows.length * streams - lags.length
  return [
    { name: 'server.sseClients', value: streams, unit: 'streams' },
    onThisMachine(
      atMost({ name: 'server.sseLagMsP95', value: quantile(lags.toSorted(ascending), 0.95), unit: 'ms' }, 250),
    ),
    { name: 'server.sseLagMsMax', value: lags.reduce((most, lag) => Math.max(most, lag), 0), unit: 'ms' },
    atMost({ name: 'server.sseMissing', value: missing + ended, unit: 'rows or streams' }, 0),
  ]
}

const ascending = (a: number, b: number): number => a - b
