/** What a gateway gets from the one before it: in an upgrade (takeover.ts), or after its death (standby.ts). */
import { SluiceError } from '../core/errors.ts'
import type { PassedListener, ReceivedListener } from './routes/listener.ts'
import type { PassedTrip } from './routes/trip-news.ts'

/** The view that a gateway has of its predecessor. */
export type Inheritance = {
  readonly listeners: readonly ReceivedListener[]
  /** Says that it serves now. */
  readonly serving: () => void
  /** Has `take` called with each cut that the predecessor makes after it gave its state away, and with those it has made already. */
  readonly trips: (take: (passed: PassedTrip) => void) => void
  /** Tells the predecessor of a cut made here: it still serves the connections that it has. */
  readonly tell: (passed: PassedTrip) => void
}

/** Documented parser of a message that names a listening socket: the other end of the channel is this same program. */
export const readNamed = (message: unknown): Omit<PassedListener, 'server'> => {
  const { service, environment, listen } = fieldsOf(message)
  const { host, port } = fieldsOf(listen)
  if (typeof service === 'string' && typeof environment === 'string' && typeof host === 'string')
    return { service, environment, listen: { host, port: Number(port) } }
  throw new SluiceError('usage_invalid', { detail: 'the predecessor sent a listener without the name of its route' })
}

/** Documented parser of a message that tells of a cut: the other end of the channel is this same program. */
export const readTrip = (message: unknown): PassedTrip => {
  const { service, environment, trip } = message as PassedTrip
  return { service, environment, trip }
}

/** Documented parser: the fields of an object, none of anything else. */
export const fieldsOf = (value: unknown): Readonly<Partial<Record<string, unknown>>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
