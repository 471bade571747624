import type { Hooks } from '../../ports/hooks.ts'
import { askCommand, type CommandPlace } from './command.ts'
import { askHttp } from './http.ts'

/** Hooks behind addresses, and hooks that are commands in the project's directory. */
export const localHooks = (place: CommandPlace): Hooks => ({
  call: (target, call, signal) =>
    target.kind === 'http'
      ? askHttp(target.url, call, signal)
      : askCommand(place, { command: target.command, call }, signal),
})
