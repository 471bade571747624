import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { checkoutVersion } from '../../core/config/version.ts'
import type { Settings } from '../../core/config/settings.ts'
import type { CommitConfig, ConfigLoader } from '../../ports/config.ts'
import { evaluateConfig, loadConfig, readConfig } from './load.ts'
import { type Evaluated, recall, remember, schemaStamp } from './remembered.ts'

/** Reads configs and versions from checkouts on this machine's disk; `folder` keeps what those of commits evaluate to. */
export const configLoader = (folder: string): ConfigLoader => ({
  load: async (directory, signal) => (await loadConfig(directory, signal)).settings,
  ofCommit: async (commit, checkout, signal) => {
    const stamp = schemaStamp()
    const known = await recall(folder, commit)
    if (known?.read?.stamp === stamp) return configOf(known, known.read.settings)
    const evaluated =
      known ??
      (await checkout(async (directory) => ({
        ...(await evaluateConfig(directory, signal)),
        packageJson: await readPackage(directory, signal),
      })))
    const settings = await readConfig(evaluated)
    await remember(folder, commit, { ...evaluated, read: { stamp, settings } })
    return configOf(evaluated, settings)
  },
})

const configOf = ({ packageJson }: Evaluated, settings: Settings): CommitConfig => ({
  settings,
  version: checkoutVersion(settings.version, packageJson),
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
