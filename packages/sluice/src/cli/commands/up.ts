import { SluiceError } from '../../core/errors.ts'
import { type Command, flagOption, textOption } from '../cli.ts'
import { runningServer, startServer } from '../connect.ts'
import { command as server } from './server.ts'

/** `sluice up`. Says so when a control plane runs already: that is what was asked for. */
export const command: Command = async (cli, input) => {
  const running = runningServer(cli.globals.stateDir)
  if (running === null && !flagOption(input, 'detach')) return server(cli, input)
  const [host, port] = [textOption(input, 'host'), textOption(input, 'port')]
  if (running !== null) mustBeAt(running.url, { host, port })
  const url = running?.url ?? (await startServer(cli, { host, port }))
  if (running !== null) cli.note(`${cli.noteStyle.mark('done')} a control plane runs already (pid ${running.pid})`)
  if (cli.globals.json) cli.json({ url, started: running === null })
  else cli.print(url)
  return 0
}

/** Throws `server_running` where the one that runs is elsewhere than was asked for. */
const mustBeAt = (url: string, asked: { readonly host: string | null; readonly port: string | null }): void => {
  const { hostname, port } = new URL(url)
  const isItsPort = asked.port === null || asked.port === '0' || asked.port === port
  if (isItsPort && (asked.host === null || asked.host === hostname)) return
  const options = [
    ...(asked.host === null ? [] : [`--host ${asked.host}`]),
    ...(asked.port === null ? [] : [`--port ${asked.port}`]),
  ]
  throw new SluiceError('server_running', {
    detail: `a control plane runs already at ${url}`,
    hint: `sluice down && sluice up -d ${options.join(' ')}`,
  })
}
