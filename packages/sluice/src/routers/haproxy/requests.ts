/** What is asked of HAProxy over its sockets, as data, and what its answers say. Source: HAProxy 2.6 Management Guide, section 9.3. */
import { SluiceError } from '../../core/errors.ts'
import type { ArmName, Route, Upstream } from '../../core/routing.ts'
import { latencyBucketsMs } from '../../core/routing.ts'
import type { Row } from './evidence.ts'
import type { Place } from './place.ts'
import { planKey, slotName } from './plan.ts'
import { addressOf, checkWords, serverName } from './settings.ts'

/** A server of a backend as it is now. */
export type ServerState = {
  readonly slot: string
  readonly name: string
  readonly isServing: boolean
  readonly isHealthy: boolean
  readonly isInMaintenance: boolean
  /** Requests in flight. */
  readonly sessions: number
}

/** Puts a split in force, at once and as a whole. */
export const splitRequest = ({ mapFile }: Place, text: string): string => `set map ${mapFile} ${planKey} ${text}`

/** Asks for the split in force. */
export const splitQuestion = ({ mapFile }: Place): string => `show map ${mapFile}`

/** Makes a server that answers its checks and gets traffic. */
export const addRequests = (route: Route, slot: number, upstream: Upstream): readonly string[] => {
  const server = `${slotName(slot)}/${serverName(upstream)}`
  return [
    `add server ${server} ${addressOf(upstream)} ${checkWords(route)}`,
    `enable health ${server}`,
    `enable server ${server}`,
  ]
}

/** Lets a server end what it has, and gives it nothing new. */
export const drainRequest = ({ slot, name }: ServerState): string => `set server ${slot}/${name} state drain`

/** Gives a server traffic again. */
export const readyRequest = ({ slot, name }: ServerState): string => `set server ${slot}/${name} state ready`

/** Takes a server away that has nothing in flight. HAProxy refuses, and that is the end of it, when it has. */
export const deleteRequests = ({ slot, name }: ServerState): readonly string[] => [
  `set server ${slot}/${name} state maint`,
  `del server ${slot}/${name}`,
]

/** Who the process is. */
export const identityQuestion = 'show info'
/** How servers are. */
export const serversQuestion = 'show stat -1 4 -1'
/** The rows of counts. */
export const countsQuestion = 'show table counts'
/** To the master: which workers there are. */
export const workersQuestion = 'show proc'
/** To the master: start again with the configuration as it is now, on the same listening sockets. */
export const reloadRequest = 'reload'

/** Through the master: asks a worker that ends what it has. */
export const toOldWorker = (pid: number, command: string): string => `@!${pid} ${command}`

/** The worker's process id, and the digest of the configuration that it was started with. */
export const parseIdentity = (text: string): { readonly pid: number; readonly digest: string } | null => {
  const pid = Number(/^Pid: (\d+)$/m.exec(text)?.[1])
  const digest = /^description: (\S+)$/m.exec(text)?.[1]
  return Number.isInteger(pid) && digest !== undefined ? { pid, digest } : null
}

/** The value of the split, null when the map has none. */
export const parseSplit = (text: string): string | null =>
  new RegExp(`^0x[0-9a-f]+ ${planKey} (\\S+)$`, 'm').exec(text)?.[1] ?? null

/** Process ids of workers that end what they have. */
export const parseOldWorkers = (text: string): readonly number[] =>
  (text.split(/^# old workers$/m)[1]?.split(/^# programs$/m)[0] ?? '')
    .split('\n')
    .flatMap((line) => /^(\d+)\s+worker/.exec(line)?.[1] ?? [])
    .map(Number)

/** Servers of all backends. Columns are found by name: later versions add some. */
export const parseServers = (text: string): readonly ServerState[] => {
  const [head = '', ...lines] = text.trim().split('\n')
  const columns = head.replace(/^# /, '').split(',')
  return lines.flatMap((line) => {
    const cells = line.split(',')
    const cell = (column: string): string => cells[columns.indexOf(column)] ?? ''
    const status = cell('status')
    if (cells.length < 2) return []
    return [
      {
        slot: cell('pxname'),
        name: cell('svname'),
        // A server in drain has weight 0 or says so; one going down or coming up says `UP 1/2`, `DOWN 1/2`.
        isServing: status.startsWith('UP') || status.startsWith('no check') || status.startsWith('DOWN'),
        isHealthy: !status.startsWith('DOWN'),
        isInMaintenance: status.startsWith('MAINT'),
        sessions: Number(cell('scur')),
      },
    ]
  })
}

const arms: readonly ArmName[] = ['stable', 'candidate', 'holdback']

/** The rows of counts. */
export const parseCounts = (text: string): readonly Row[] =>
  text.split('\n').flatMap((line) => {
    const [, generation, name] = /\bkey=(\d+)\/(\w+) /.exec(line) ?? []
    const arm = arms.find((one) => one === name)
    if (generation === undefined || arm === undefined) return []
    const column = (index: number): number => Number(new RegExp(`\\bgpc${index}=(\\d+)`).exec(line)?.[1] ?? 0)
    const latency = latencyBucketsMs.map((_, index) => column(4 + index))
    const count = { requests: column(0), bad: column(1), units: column(2), badUnits: column(3), latency }
    return [{ generation: Number(generation), arm, count }]
  })

/** Says it when HAProxy answered a change with something else than it does when it happened. */
export const refuseUnexpected = (command: string, answer: string): void => {
  const said = answer.trim()
  if (said === '' || /^(New server registered|Server deleted)\.$/.test(said)) return
  throw new SluiceError('route_unconfirmed', { detail: `HAProxy answered "${command}" with: ${said}` })
}
