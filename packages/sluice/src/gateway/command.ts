/** The words of the gateway's command line, and its life as a process. */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { SluiceError, errorTable, publicCode } from '../core/errors.ts'
import { runGateway } from './main.ts'
import type { GatewayOptions } from './main.ts'
import { askHandOver } from './takeover.ts'

/** Runs a gateway until SIGTERM, SIGINT or `shutdown`, or has the running one replaced; gives the exit code. */
export const runGatewayCommand = async (args: readonly string[], version: string): Promise<number> => {
  try {
    const options = readOptions(args, version)
    if (options.takeOver) {
      const answer = await askHandOver(path.join(options.stateDir, 'gateway.sock'), thisCommand('--adopt'))
      if (answer !== null) {
        process.stderr.write(`${answer}\n`)
        return 0
      }
    }
    const gateway = await runGateway(options)
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

/** This same command line, to be started by a gateway that runs. */
const thisCommand = (after: '--adopt' | '--stand-by'): readonly string[] => [
  process.execPath,
  ...process.execArgv,
  ...process.argv.slice(1).filter((word) => !['--take-over', '--adopt', '--stand-by'].includes(word)),
  after,
]

/** Documented parser of the command line. */
const readOptions = (args: readonly string[], version: string): GatewayOptions & { readonly takeOver: boolean } => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'state-dir': { type: 'string' },
      'take-over': { type: 'boolean', default: false },
      adopt: { type: 'boolean', default: false },
      'stand-by': { type: 'boolean', default: false },
      alone: { type: 'boolean', default: false },
      'control-plane-command': { type: 'string' },
      settings: { type: 'string' },
    },
  })
  const stateDir = values['state-dir']
  if (stateDir === undefined) throw new SluiceError('usage_invalid', { detail: 'the gateway needs --state-dir DIR' })
  if (values['take-over'] && !path.isAbsolute(stateDir)) {
    throw new SluiceError('usage_invalid', {
      detail: '--take-over needs an absolute --state-dir: the running gateway has another folder',
    })
  }
  const command = values['control-plane-command']
  return {
    stateDir,
    version,
    takeOver: values['take-over'],
    after: values.adopt ? 'adopt' : values['stand-by'] ? 'standBy' : null,
    ...(values.alone ? {} : { standbyCommand: thisCommand('--stand-by') }),
    ...(command === undefined ? {} : { controlPlaneCommand: JSON.parse(command) as readonly string[] }),
    ...(values.settings === undefined
      ? {}
      : { settings: JSON.parse(values.settings) as NonNullable<GatewayOptions['settings']> }),
  }
}
