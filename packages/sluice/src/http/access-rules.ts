/**
 * What the config says about who may ask, as it was read last. It is read again when it is old, behind the back of whoever asks; while it cannot be read (somebody is editing it) what was read before
 * counts on: nobody is locked out of a rollback by a missing comma.
 */
import type { Settings } from '../core/config/settings.ts'
import { type AccessRules, noAccessRules } from '../core/identity/rules.ts'
import { limits } from '../core/limits.ts'
import type { Clock, Log } from '../ports/clock.ts'

/** Reads the rules. The first who asks waits; nobody after that. */
export const accessRules = ({
  clock,
  log,
  load,
}: {
  readonly clock: Clock
  readonly log: Log
  readonly load: () => Promise<Settings>
}): (() => Promise<AccessRules>) => {
  let last: AccessRules | null = null
  let readAt = -Infinity
  let reading: Promise<AccessRules> | null = null
  const read = async (): Promise<AccessRules> => {
    try {
      last = (await load()).access ?? noAccessRules
    } catch (error) {
      log.warn('access_not_read', { error: String(error), counts: last === null ? 'none' : 'what was read before' })
    }
    readAt = clock.now()
    reading = null
    return last ?? noAccessRules
  }
  return async () => {
    const isOld = Math.abs(clock.now() - readAt) >= limits.accessConfigMs
    if (isOld) reading ??= read()
    return last ?? reading ?? noAccessRules
  }
}
