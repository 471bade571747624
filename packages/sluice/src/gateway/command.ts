/** The words of the gateway's command line, and its life as a process. */
import { parseArgs } from 'node:util'
import { SluiceError, errorTable, publicCode } from '../core/errors.ts'
import { runGateway } from './main.ts'
import type { GatewayOptions } from './main.ts'

/** Runs a gateway until SIGTERM, SIGINT or `shutdown`; gives the exit code. */
export const runGatewayCommand = async (args: readonly string[], version: string): Promise<number> => {
  try {
    const gateway = await runGateway(readOptions(args, version))
    process.on('SIGTERM', gateway.stop)
    process.on('SIGINT', gateway.stop)
    // The terminal that started it may close; the gateway serves on.
    process.on('SIGHUP', () => {})
    await gateway.done
    return 0
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    process.stderr.write(`${publicCode(error.code)}: ${error.detail}${error.hint === null ? '' : ` (${error.hint})`}\n`)
    return errorTable[error.code].exit
  }
}

/** Documented parser of the command line. */
const readOptions = (args: readonly string[], version: string): GatewayOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'state-dir': { type: 'string' },
      'take-over': { type: 'boolean', default: false },
      'control-plane-command': { type: 'string' },
      settings: { type: 'string' },
    },
  })
  const stateDir = values['state-dir']
  if (stateDir === undefined) throw new SluiceError('usage_invalid', { detail: 'the gateway needs --state-dir DIR' })
  const command = values['control-plane-command']
  return {
    stateDir,
    version,
    takeOver: values['take-over'],
    ...(command === undefined ? {} : { controlPlaneCommand: JSON.parse(command) as readonly string[] }),
    ...(values.settings === undefined
      ? {}
      : { settings: JSON.parse(values.settings) as NonNullable<GatewayOptions['settings']> }),
  }
}
