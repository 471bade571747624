/**
 * The routing snapshot: one file a route, so that a gateway serves after a restart before anyone tells it anything. Written as temporary file,
 * fsync, rename, fsync of the folder; the generation before is kept and used when the newest does not read back (checksum).
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Fence, RolloutId } from '../../core/model.ts'
import type { Route, Trip } from '../../core/routing.ts'
import type { MaintenanceRecord } from './maintenance.ts'
import type { World } from '../world.ts'

/** What is kept of a route. `route` is null once it was removed: the fence stays, so that a late command does not bring it back. */
export type RouteRecord = {
  readonly service: string
  readonly environment: string
  readonly fence: Fence
  /** Fence of the route in force; older than `fence` when a pause came after it. */
  readonly routeFence: Fence | null
  readonly route: Route | null
  readonly trip: Trip | null
  /** Rollouts that never get candidate traffic again, newest last. */
  readonly tripped: readonly RolloutId[]
  /** Epoch ms; 0 when requests are not held. */
  readonly pausedUntil: number
  /** Absent until there was some. */
  readonly maintenance?: MaintenanceRecord
}

/** Nothing known of a route yet; any fence is newer. */
export const unknownRoute = ({ service, environment }: Pick<RouteRecord, 'service' | 'environment'>): RouteRecord => ({
  service,
  environment,
  fence: { token: -1, sequence: -1 },
  routeFence: null,
  route: null,
  trip: null,
  tripped: [],
  pausedUntil: 0,
})

/** File name of a route without its ending; `@` stands in neither part. */
export const routeFileName = (service: string, environment: string): string =>
  `${encodeURIComponent(service)}@${encodeURIComponent(environment)}`

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const encode = (record: RouteRecord): string => {
  const body = JSON.stringify(record)
  return `${JSON.stringify({ format: 1, sha256: sha256(body) })}\n${body}\n`
}

/** Documented parser: what has the checksum was written by `encode`. */
const decode = (text: string): RouteRecord => {
  const [header = '', body = ''] = text.split('\n')
  const { format, sha256: expected } = JSON.parse(header) as { format?: unknown; sha256?: unknown }
  if (format !== 1) throw new Error(`format ${String(format)} is not known`)
  if (sha256(body) !== expected) throw new Error('the checksum does not match')
  return JSON.parse(body) as RouteRecord
}

/** Keeps the file of the generation before as `.previous`. There is a current file at every instant. */
const keepPrevious = (file: string): void => {
  const previous = `${file}.previous`
  try {
    decode(fs.readFileSync(file, 'utf8'))
    fs.rmSync(previous, { force: true })
    fs.linkSync(file, previous)
  } catch {
    // Nothing there yet, or nothing worth keeping.
  }
}

/**
 * Writes the record so that it survives the death of this process at once, and power loss when the promise is fulfilled. False: by the time
 * that it could take the place of the one before, it was no longer `wanted`, and the file was left as it is.
 */
export const writeRoute = async (folder: string, record: RouteRecord, wanted: () => boolean): Promise<boolean> => {
  const file = path.join(folder, `${routeFileName(record.service, record.environment)}.json`)
  const temporary = `${file}.new`
  const handle = await fs.promises.open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(encode(record))
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (!wanted()) return false
  keepPrevious(file)
  fs.renameSync(temporary, file)
  await syncFolder(folder)
  return true
}

/** Writes the record before it returns, for a cut: against the death of the process at once, against power loss with the promise. */
export const writeRouteNow = (folder: string, record: RouteRecord): Promise<void> => {
  const file = path.join(folder, `${routeFileName(record.service, record.environment)}.json`)
  const temporary = `${file}.cut`
  fs.writeFileSync(temporary, encode(record), { mode: 0o600 })
  keepPrevious(file)
  fs.renameSync(temporary, file)
  return syncFile(file).then(() => syncFolder(folder))
}

const syncFile = async (file: string): Promise<void> => {
  const handle = await fs.promises.open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const syncFolder = (folder: string): Promise<void> => syncFile(folder)

/** All routes on disk. A file that does not read back is set aside, the generation before used, and an error logged. */
export const readRoutes = (folder: string, world: World): readonly RouteRecord[] =>
  fs
    .readdirSync(folder)
    .map((name) => /^(.+@.+)\.json(\.previous)?$/.exec(name)?.[1])
    .filter((name, index, names): name is string => name !== undefined && names.indexOf(name) === index)
    .flatMap((name) => readRoute(path.join(folder, `${name}.json`), world) ?? [])

const readRoute = (file: string, world: World): RouteRecord | null => {
  try {
    return decode(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    const record = readPrevious(file)
    const aside = `${file}.damaged`
    if (fs.existsSync(file)) fs.renameSync(file, aside)
    world.log('error', 'route_file_damaged', {
      code: 'store_corrupt',
      file,
      reason: error instanceof Error ? error.message : String(error),
      setAside: aside,
      using: record
        ? 'the previous generation'
        : 'nothing: this route is not served until the control plane gives it again',
    })
    if (record) fs.copyFileSync(`${file}.previous`, file)
    return record
  }
}

const readPrevious = (file: string): RouteRecord | null => {
  try {
    return decode(fs.readFileSync(`${file}.previous`, 'utf8'))
  } catch {
    return null
  }
}
