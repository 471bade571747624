import { SluiceError } from '../../core/errors.ts'
import { countOf } from '../../http/client/words.ts'
import { type Cli, type Command, flagOption } from '../cli.ts'
import { forgetServer, runningServer } from '../connect.ts'

const waitMs = 15_000
const lookEveryMs = 25

/** `sluice down`. */
export const command: Command = async (cli, input) => {
  const pid = await stopServer(cli)
  const ended = flagOption(input, 'all') ? await cli.host.endEverything(cli.globals.stateDir) : null
  if (cli.globals.json) cli.json({ stopped: pid !== null, pid, ...(ended === null ? {} : { ended }) })
  else tell(cli, pid, ended)
  return 0
}

/** Sends SIGTERM and waits until the control plane has let go of its state; gives its pid, null when none ran. */
const stopServer = async ({ globals }: Cli): Promise<number | null> => {
  const running = runningServer(globals.stateDir)
  if (running === null) {
    // One that was killed a moment ago is not to be brought back by its gateway either.
    forgetServer(globals.stateDir)
    return null
  }
  ask(running.pid)
  for (let waitedMs = 0; runningServer(globals.stateDir) !== null; waitedMs += lookEveryMs) {
    if (waitedMs >= waitMs) {
      throw new SluiceError('wait_timeout', {
        detail: `the control plane (pid ${running.pid}) did not end within ${waitMs / 1_000} s`,
        hint: `kill ${running.pid}   (nothing is lost: starting is recovery)`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  return running.pid
}

/** Asks a process to end; one that has done so meanwhile is what was wanted. */
const ask = (pid: number): void => {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ESRCH') return
    if (code !== 'EPERM') throw error
    throw new SluiceError('forbidden', {
      detail: `the control plane (pid ${pid}) is another user's`,
      hint: 'have whoever started it type this, or an administrator of the machine',
    })
  }
}

type Ended = Awaited<ReturnType<Cli['host']['endEverything']>>

const tell = (cli: Cli, pid: number | null, ended: Ended | null): void => {
  const mark = cli.style.mark('done')
  cli.print(pid === null ? 'no control plane runs here' : `${mark} stopped the control plane (pid ${pid})`)
  if (ended !== null) {
    const gateway = ended.gateway ? 'the gateway and ' : ''
    cli.print(
      `${mark} ended ${gateway}${countOf(ended.instances, 'instance')}; what should run is written down: sluice up -d starts it again`,
    )
  } else if (pid !== null)
    cli.note('  the gateway and the instances serve on; their tripwires stay armed   sluice up -d')
}
