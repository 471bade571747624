import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { checkoutVersion } from '../../core/config/version.ts'
import type { CommitConfig, ConfigLoader } from '../../ports/config.ts'
import { evaluateConfig, loadConfig, readConfig } from './load.ts'
import { type Evaluated, recall, remember } from './remembered.ts'

/** Reads configs and versions from checkouts on this machine's disk; `folder` keeps what those of commits evaluate to. */
export const configLoader = (folder: string): ConfigLoader => ({
  load: async (directory, signal) => (await loadConfig(directory, signal)).settings,
  ofCommit: async (commit, checkout, signal) => {
    const known = await recall(folder, commit)
    if (known !== null) return read(known)
    const evaluated = await checkout(async (directory) => ({
      ...(await evaluateConfig(directory, signal)),
      packageJson: await readPackage(directory, signal),
    }))
    const config = await read(evaluated)
    await remember(folder, commit, evaluated)
    return config
  },
})

const read = async ({ packageJson, ...raw }: Evaluated): Promise<CommitConfig> => {
  const settings = await readConfig(raw)
  return { settings, version: checkoutVersion(settings.version, packageJson) }
}

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
