/**
 * Starts a gateway from the words of a command line: `--state-dir DIR [--take-over] [--alone] [--control-plane-command JSON] [--settings JSON]`. `--alone`: without a
 * standby. (`--adopt` and `--stand-by` are for gateways that a gateway starts.)
 *
 * Nothing but this file is loaded before the compile cache is on: it takes two thirds off the time to the first answer after a kill.
 */
import { enableCompileCache, flushCompileCache } from 'node:module'
import path from 'node:path'

const flushAfterMs = 1_000

/** Runs a gateway until SIGTERM, SIGINT or `shutdown`; gives the exit code. */
export const gatewayCommand = async (args: readonly string[], version: string): Promise<number> => {
  const stateDir = args[args.indexOf('--state-dir') + 1]
  if (args.includes('--state-dir') && stateDir !== undefined)
    enableCompileCache(path.resolve(stateDir, 'compile-cache'))
  const { runGatewayCommand } = await import('./command.ts')
  // Written while it serves, not at its end: a gateway seldom ends in peace.
  setTimeout(flushCompileCache, flushAfterMs).unref()
  return runGatewayCommand(args, version)
}
