import { type Command, flagOption, textOption } from '../cli.ts'
import { runningServer, startServer } from '../connect.ts'
import { command as server } from './server.ts'

/** `sluice up`. Says so when a control plane runs already: that is what was asked for. */
export const command: Command = async (cli, input) => {
  const running = runningServer(cli.globals.stateDir)
  if (running === null && !flagOption(input, 'detach')) return server(cli, input)
  const url =
    running?.url ?? (await startServer(cli, { host: textOption(input, 'host'), port: textOption(input, 'port') }))
  if (running !== null) cli.note(`${cli.noteStyle.mark('done')} a control plane runs already (pid ${running.pid})`)
  if (cli.globals.json) cli.json({ url, started: running === null })
  else cli.print(url)
  return 0
}
