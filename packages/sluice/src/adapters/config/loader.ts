import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { checkoutVersion } from '../../core/config/version.ts'
import type { ConfigLoader } from '../../ports/config.ts'
import { loadConfig } from './load.ts'

/** Reads configs and versions from checkouts on this machine's disk. */
export const configLoader = (): ConfigLoader => ({
  load: async (directory, signal) => (await loadConfig(directory, signal)).settings,
  version: async (directory, settings, signal) =>
    checkoutVersion(settings.version, await readPackage(directory, signal)),
})

/** A package.json that is missing gives null; one that cannot be read counts as missing, too, for a directory of that name is no package. */
const readPackage = async (directory: string, signal: AbortSignal): Promise<string | null> => {
  try {
    return await readFile(join(directory, 'package.json'), { encoding: 'utf8', signal })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
