import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { SluiceError } from '../../core/errors.ts'
import { checkoutVersion } from '../../core/config/version.ts'
import type { Settings } from '../../core/config/settings.ts'
import type { CommitConfig, ConfigLoader } from '../../ports/config.ts'
import { evaluateConfig, loadConfig, readConfig } from './load.ts'
import { type Evaluated, recall, remember, schemaStamp } from './remembered.ts'
import { keepStanding, recallStanding, type Standing, standingOf, stillStands } from './standing.ts'

/** Reads configs and versions from checkouts on this machine's disk; `folder` keeps what they evaluate to. */
export const configLoader = (folder: string, now: () => number = Date.now): ConfigLoader => ({
  load: standingConfigs(folder, now),
  ofCommit: async (commit, checkout, signal) => {
    const stamp = schemaStamp()
    const known = await recall(folder, commit)
    if (known?.read?.stamp === stamp) return configOf(known, known.read.settings)
    const evaluated =
      known ??
      (await checkout(async (directory) => ({
        ...(await evaluateConfig(directory, signal).catch((error: unknown) => {
          throw withoutPlace(error, commit)
        })),
        packageJson: await readPackage(directory, signal),
      })))
    const settings = await readConfig(evaluated)
    await remember(folder, commit, { ...evaluated, read: { stamp, settings } })
    return configOf(evaluated, settings)
  },
})

/** Nobody knows the folder that a commit was checked out into: what is missing is missing in the commit. */
const withoutPlace = (error: unknown, commit: string): unknown =>
  error instanceof SluiceError && error.code === 'config_missing'
    ? new SluiceError('config_missing', {
        detail: `commit ${commit.slice(0, 12)} has no sluice.config.ts at its root`,
        hint: 'sluice init, then git add sluice.config.ts && git commit   (or, uncommitted: sluice run --here)',
        cause: error,
      })
    : error

/** Evaluates a directory's config again only when something of what it was made of has changed. */
const standingConfigs = (folder: string, now: () => number): ConfigLoader['load'] => {
  const known = new Map<string, Standing>()
  return async (directory, signal) => {
    const stamp = schemaStamp()
    const kept = known.get(directory) ?? (await recallStanding(folder, directory))
    if (kept !== null && (await stillStands(directory, kept, stamp))) {
      known.set(directory, kept)
      return kept.settings
    }
    known.delete(directory)
    const begunAt = now()
    const { file, madeOf, settings } = await loadConfig(directory, signal)
    const standing = madeOf === null ? null : await standingOf({ stamp, file, settings, paths: madeOf, begunAt })
    if (standing !== null) {
      known.set(directory, standing)
      await keepStanding(folder, directory, standing)
    }
    return settings
  }
}

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
