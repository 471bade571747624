/** The addresses of a route, each with its listening socket: its own, and while a candidate is shown, the preview address. */
import type net from 'node:net'
import type { ListenAddress, Route } from '../../core/routing.ts'
import { close, openListener, type OnConnection, type ReceivedListener } from './listener.ts'

/** Which address of a route it is. */
export type DoorName = 'main' | 'preview'

/** An address of a route. */
export type Address = { readonly name: DoorName; readonly listen: ListenAddress }

/** An address of a route that is listened on. */
export type Door = Address & { readonly server: net.Server }

/** What takes the connections of an address. */
export type Accept = (name: DoorName) => OnConnection

/** The addresses that a route wants. */
export const addressesOf = ({ listen, preview }: Pick<Route, 'listen' | 'preview'>): readonly Address[] => [
  { name: 'main', listen },
  ...(preview === undefined ? [] : [{ name: 'preview' as const, listen: preview }]),
]

/** Whether it is the same address for the same purpose. */
export const isSame = (one: Address, other: Address): boolean =>
  one.name === other.name && isAt(one.listen, other.listen)

/** Whether it is the same host and port. */
export const isAt = (one: ListenAddress, other: ListenAddress): boolean =>
  one.host === other.host && one.port === other.port

/** Listens on addresses, on all of them or on none. Throws `port_in_use`. */
export const openDoors = async (wanted: readonly Address[], accept: Accept): Promise<readonly Door[]> => {
  const doors: Door[] = []
  try {
    for (const { name, listen } of wanted)
      doors.push({ name, listen, server: await openListener(listen, accept(name)) })
    return doors
  } catch (error) {
    closeDoors(doors)
    throw error
  }
}

/** The addresses of a route from disk, on the sockets of a predecessor where there are some. One that is taken keeps no other closed: `failure` is why. */
export const restoreDoors = async (
  wanted: readonly Address[],
  received: readonly ReceivedListener[],
  accept: Accept,
): Promise<{ readonly doors: readonly Door[]; readonly failure: Error | null }> => {
  const doors: Door[] = []
  let failure: Error | null = null
  for (const { name, listen } of wanted) {
    try {
      const mine = received.find((each) => isAt(each.listen, listen))
      const server = await (mine?.open(accept(name)) ?? openListener(listen, accept(name)))
      doors.push({ name, listen, server })
    } catch (error) {
      failure ??= error instanceof Error ? error : new Error(String(error))
    }
  }
  return { doors, failure }
}

/** Stops accepting; connections stay. */
export const closeDoors = (doors: readonly Door[]): void => {
  for (const { server } of doors) close(server)
}
