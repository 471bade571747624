import { resolve } from 'node:path'
import type { Command } from '../cli.ts'

/** `sluice gateway`. */
export const command: Command = (cli, { rest }) =>
  cli.host.gateway(['--state-dir', resolve(cli.globals.stateDir), ...rest])
