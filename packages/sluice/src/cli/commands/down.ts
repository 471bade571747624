import { SluiceError } from '../../core/errors.ts'
import type { Command } from '../cli.ts'
import { runningServer } from '../connect.ts'

const waitMs = 15_000
const lookEveryMs = 25

/** `sluice down`. */
export const command: Command = async (cli) => {
  const { stateDir } = cli.globals
  const running = runningServer(stateDir)
  if (running === null) {
    if (cli.globals.json) cli.json({ stopped: false })
    else cli.print('no control plane runs here')
    return 0
  }
  process.kill(running.pid, 'SIGTERM')
  for (let waitedMs = 0; runningServer(stateDir) !== null; waitedMs += lookEveryMs) {
    if (waitedMs >= waitMs) {
      throw new SluiceError('wait_timeout', {
        detail: `the control plane (pid ${running.pid}) did not end within ${waitMs / 1_000} s`,
        hint: `kill ${running.pid}   (nothing is lost: starting is recovery)`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  if (cli.globals.json) cli.json({ stopped: true, pid: running.pid })
  else {
    cli.print(`${cli.style.mark('done')} stopped the control plane (pid ${running.pid})`)
    cli.note('  the gateway and the instances serve on; their tripwires stay armed   sluice up -d')
  }
  return 0
}
