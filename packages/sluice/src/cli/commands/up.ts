import { SluiceError } from '../../core/errors.ts'
import { type Command, flagOption, textOption } from '../cli.ts'
import { runningServer, startServer } from '../connect.ts'
import { command as server } from './server.ts'

/** `sluice up`. Says so when a control plane runs already: that is what was asked for. */
export const command: Command = async (cli, input) => {
  const running = runningServer(cli.globals.stateDir)
  if (running === null && !flagOption(input, 'detach')) return server(cli, input)
  const [host, port] = [textOption(input, 'host'), textOption(input, 'port')]
  if (running !== null) await mustBeAt(running.url, { host, port })
  const url = running?.url ?? (await startServer(cli, { host, port }))
  if (running !== null) cli.note(`${cli.noteStyle.mark('done')} a control plane runs already (pid ${running.pid})`)
  if (cli.globals.json) cli.json({ url, started: running === null })
  else cli.print(url)
  return 0
}

/** Throws `server_running` where the one that runs is elsewhere than was asked for. */
const mustBeAt = async (
  url: string,
  asked: { readonly host: string | null; readonly port: string | null },
): Promise<void> => {
  const { hostname, port } = new URL(url)
  const isItsPort = asked.port === null || asked.port === '0' || asked.port === port
  if (isItsPort && (asked.host === null || (await isSameHost(asked.host, hostname)))) return
  const options = [
    ...(asked.host === null ? [] : [`--host ${asked.host}`]),
    ...(asked.port === null ? [] : [`--port ${asked.port}`]),
  ]
  throw new SluiceError('server_running', {
    detail: `a control plane runs already at ${url}`,
    hint: `sluice down && sluice up -d ${options.join(' ')}`,
  })
}

/** Whether two names of hosts are names of one address: `localhost` is 127.0.0.1 or ::1 by what this machine says. Every address (0.0.0.0) is none of them. */
const isSameHost = async (...names: readonly [asked: string, running: string]): Promise<boolean> => {
  const [asked = [], running = []] = await Promise.all(names.map(addressesOf))
  return asked.some((address) => running.includes(address))
}

/** The name itself, and the addresses that it stands for. */
const addressesOf = async (name: string): Promise<readonly string[]> => {
  const bare = name.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  const { lookup } = await import('node:dns/promises')
  const found = await lookup(bare, { all: true }).catch(() => [])
  return [bare, ...found.map(({ address }) => address)]
}
