/** Whether an instance itself listens on its port. */
import { open, readdir, readFile, readlink } from 'node:fs/promises'
import net from 'node:net'
import { groupOf } from './groups.ts'

/** A page: the kernel gives no more at once. */
const pieceBytes = 4_096

/** True once the port answers and, as far as the platform tells (Linux), it is a process of this group that answers. */
export const isListening = async (group: number, host: string, port: number): Promise<boolean> =>
  (await answers(host, port)) && (await belongsTo(group, host, port))

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const settle = (answered: boolean): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })

const belongsTo = async (group: number, host: string, port: number): Promise<boolean> => {
  if (process.platform !== 'linux') return true
  const sockets = await listeningSockets(host, port)
  // None to be seen: another network namespace, or it has just stopped listening. Do not claim that it is someone else's.
  if (sockets.size === 0 || (await holdsOne(String(group), sockets))) return true
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await groupOf(pid)) === String(group) && (await holdsOne(pid, sockets))) return true
  }
  return false
}

/**
 * Inodes of sockets that listen on the port (state 0A). Linux names those that listen first, and to read a whole table costs milliseconds of a processor on a machine with
 * traffic: it has a line for each connection, and for each that ended in the last minute. So a whole one is read only where the port is at the beginning of neither, and
 * the other family's (to whose beginning the kernel may come only through all connections) only where it is not in that of the address.
 * Sources: proc(5); `tcp_get_idx` in net/ipv4/tcp_ipv4.c.
 */
const listeningSockets = async (host: string, port: number): Promise<ReadonlySet<string>> => {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6']
  if (net.isIPv6(host)) tables.reverse()
  for (const readTable of [beginningOf, wholeOf]) {
    for (const file of tables) {
      const inodes = inodesIn(await readTable(file).catch(() => ''), port)
      if (inodes.length > 0) return new Set(inodes.map((inode) => `socket:[${inode}]`))
    }
  }
  return new Set()
}

/** Only lines of this port are taken apart: with hundreds of instances, each start reads a table of hundreds of lines. */
const inodesIn = (table: string, port: number): readonly string[] => {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const line = new RegExp(String.raw`^ *\d+: [0-9A-F]+:${hex} \S+ 0A(?: +\S+){5} +(\d+)`, 'gm')
  return Array.from(table.matchAll(line), ([, inode]) => inode ?? '')
}

const wholeOf = (file: string): Promise<string> => readFile(file, 'latin1')

/** Until the first line of a socket that does not listen. */
const beginningOf = async (file: string): Promise<string> => {
  const table = await open(file)
  try {
    const pieces: string[] = []
    const buffer = Buffer.alloc(pieceBytes)
    for (let rest = ''; ;) {
      const { bytesRead } = await table.read({ buffer })
      const piece = buffer.toString('latin1', 0, bytesRead)
      pieces.push(piece)
      const isOver = bytesRead === 0 || /^ *\d+:(?: \S+){2} (?!0A)[0-9A-F]{2} /m.test(rest + piece)
      if (isOver) return pieces.join('')
      // A line may lie in two pieces; the kernel gives whole ones, but does not promise to.
      rest = piece.slice(piece.lastIndexOf('\n') + 1)
    }
  } finally {
    await table.close()
  }
}

const holdsOne = async (pid: string, sockets: ReadonlySet<string>): Promise<boolean> => {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => [])
  for (const name of names) {
    if (sockets.has(await readlink(`/proc/${pid}/fd/${name}`).catch(() => ''))) return true
  }
  return false
}
