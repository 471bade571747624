/** What a gateway has of one route: its record on disk, the route in force, its sockets. */
import type { Route, Trip } from '../../core/routing.ts'
import { addressesOf, type Address, type Door, isSame } from './doors.ts'
import type { LiveRoute } from './live-route.ts'
import { type RouteRecord, unknownRoute } from './route-file.ts'

/** Names a route. */
export type RouteName = { readonly service: string; readonly environment: string }

/** A route with its place on disk and its sockets. `record` is what the file says. */
export type Entry = {
  record: RouteRecord
  live: LiveRoute | null
  doors: readonly Door[]
  /** Commands for one route are carried out one after the other. */
  turn: Promise<unknown>
}

/** The text that names a route in maps. */
export const routeKey = (name: RouteName): string => `${name.service}\0${name.environment}`

/** A route of which nothing is known yet. */
export const emptyEntry = (name: RouteName): Entry => ({
  record: unknownRoute(name),
  live: null,
  doors: [],
  turn: Promise.resolve(),
})

/** Addresses that the route wants, and that are not listened on yet. */
export const missingAddresses = ({ doors }: Entry, route: Route): readonly Address[] =>
  addressesOf(route).filter((address) => !doors.some((door) => isSame(address, door)))

/** The trip that a route shows: as long as it names the rollout that was cut. */
export const shownTrip = ({ trip }: RouteRecord, route: Route): RouteRecord['trip'] =>
  trip && trip.rollout === route.tripwire?.rollout ? trip : null

const trippedMax = 100

/** The record, with the rollout among those that were cut. */
export const withTripped = (record: RouteRecord, { rollout }: Trip): RouteRecord => ({
  ...record,
  tripped: [...record.tripped, rollout].slice(-trippedMax),
})
