/** Where the files and sockets of one route's HAProxy are. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { RouteKey } from '../../ports/router.ts'

/** Everything of one route in one folder. */
export type Place = {
  readonly folder: string
  /** What is in force, and under which fence; the only file that is not derived. */
  readonly recordFile: string
  readonly settingsFile: string
  readonly mapFile: string
  readonly scriptFile: string
  readonly logFile: string
  /** Which process it is. */
  readonly processFile: string
  readonly adminSocket: string
  readonly masterSocket: string
}

/** HAProxy makes a socket under a longer name first (`….<pid>.tmp`); the system allows 107 bytes. Source: unix(7). */
const socketBytesMax = 95

/** The folder that holds the folders of all routes. */
export const placesIn = (stateDir: string): string => join(stateDir, 'haproxy')

/** The place of a route; `usage_invalid` when the state directory's path is too long for its sockets. */
export const placeOf = (stateDir: string, { service, environment }: RouteKey): Place => {
  const digest = createHash('sha256').update(`${service}\0${environment}`).digest('hex').slice(0, 8)
  const folder = join(placesIn(stateDir), `${environment.slice(0, 12)}-${digest}`)
  const place = {
    folder,
    recordFile: join(folder, 'route.json'),
    settingsFile: join(folder, 'haproxy.cfg'),
    mapFile: join(folder, 'split.map'),
    scriptFile: join(folder, 'split.lua'),
    logFile: join(folder, 'haproxy.log'),
    processFile: join(folder, 'process.json'),
    adminSocket: join(folder, 'admin.sock'),
    masterSocket: join(folder, 'master.sock'),
  }
  if (Buffer.byteLength(place.masterSocket) <= socketBytesMax) return place
  throw new SluiceError('usage_invalid', {
    detail: `the path of the state directory is too long for HAProxy's sockets: ${place.masterSocket}`,
    hint: `give a shorter --state-dir; ${socketBytesMax} bytes are allowed for the socket`,
  })
}
