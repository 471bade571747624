import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { ProblemView } from '../../http/client/views.ts'
import { requireProject } from '../project-directory.ts'
import { type Cli, type Command, type Input, textOption } from '../cli.ts'

/** How long a process whose start failed may take to end by itself, milliseconds: what it has to say is said by then. */
const endMs = 1_000

/** `sluice server`: the control plane in the foreground. Started by `up -d` or `deploy`, it tells its parent how the start went. */
export const command: Command = async (cli, input) => {
  const report = process.send === undefined ? null : (message: object): void => void process.send?.(message)
  // From here on: one that is asked to end while it starts must end cleanly too, or its gateway takes it for killed and starts it again.
  const asked = askedToEnd(cli)
  try {
    const served = await serveHere(cli, input)
    report?.({ ready: served.url })
    if (report !== null && process.connected) process.disconnect()
    cli.note(`${cli.noteStyle.mark('done')} control plane at ${served.url}   state in ${served.stateDir}`)
    if (served.isWanted) await asked
    await served.close()
    return 0
  } catch (error) {
    // Whatever a start that failed has left behind, this process is not a control plane and does not stay.
    setTimeout(() => process.exit(), endMs).unref()
    if (report === null || !(error instanceof SluiceError)) throw error
    const { code, detail, hint, evidence, retry } = error
    const problem: Partial<ProblemView> = { name: code, detail, hint, evidence, retry }
    report({ failed: problem })
    if (process.connected) process.disconnect()
    throw error
  }
}

/** Serves with the options of `server` and `up`. */
const serveHere = (cli: Cli, input: Input): ReturnType<Cli['host']['serve']> => {
  requireProject(cli.globals)
  return cli.host.serve({
    projectDir: resolve(cli.globals.projectDir),
    stateDir: cli.globals.stateDir,
    host: textOption(input, 'host') ?? '127.0.0.1',
    port: portOf(textOption(input, 'port')),
    onFatal: (error) => {
      process.stderr.write(`the state can no longer be trusted, ending: ${error.message}\n`)
      // The gateway starts it again, and starting is recovery.
      process.exit(1)
    },
  })
}

/** Parser of `--port`. */
const portOf = (text: string | null): number | null => {
  if (text === null) return null
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new SluiceError('usage_invalid', { detail: `--port ${text} is not a port (0 to 65535)`, hint: '--port 7420' })
}

/** Resolves when the process is asked to end. */
const askedToEnd = (cli: Cli): Promise<void> =>
  new Promise((done) => {
    process.once('SIGTERM', () => done())
    cli.interrupted.addEventListener('abort', () => done(), { once: true })
    // The terminal that started it may close.
    process.on('SIGHUP', () => {})
  })
