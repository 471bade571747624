/** Whether an instance itself listens on its port. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import net from 'node:net'
import { groupOf } from './groups.ts'

/** True once the port answers and, as far as the platform tells (Linux), it is a process of this group that answers. */
export const isListening = async (group: number, host: string, port: number): Promise<boolean> =>
  (await answers(host, port)) && (await belongsTo(group, port))

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

const belongsTo = async (group: number, port: number): Promise<boolean> => {
  if (process.platform !== 'linux') return true
  const sockets = await listeningSockets(port)
  // None to be seen: another network namespace, or it has just stopped listening. Do not claim that it is someone else's.
  if (sockets.size === 0 || (await holdsOne(String(group), sockets))) return true
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await groupOf(pid)) === String(group) && (await holdsOne(pid, sockets))) return true
  }
  return false
}

/** Inodes of sockets that listen on the port (state 0A of /proc/net/tcp). Source: proc(5). */
const listeningSockets = async (port: number): Promise<ReadonlySet<string>> => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => '')),
  )
  const inodes = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(suffix))
    .map((fields) => `socket:[${fields[9]}]`)
  return new Set(inodes)
}

const holdsOne = async (pid: string, sockets: ReadonlySet<string>): Promise<boolean> => {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => [])
  for (const name of names) {
    if (sockets.has(await readlink(`/proc/${pid}/fd/${name}`).catch(() => ''))) return true
  }
  return false
}
