/** The unpacked artifacts that instances run in: one folder a release, there whole or not at all. */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../../core/limits.ts'
import type { Digest, ReleaseId } from '../../core/model.ts'
import { diskError, writeWhole } from '../../lib/files.ts'
import { identify } from '../../lib/process-identity.ts'
import type { ArtifactStore } from '../../ports/artifacts.ts'

/** Where releases are unpacked. */
export type Unpacked = {
  /** The folder of a release, unpacked (digest verified) if it is not there yet. `artifact_missing`, `artifact_mismatch`, `store_full`. Safe to repeat and to call at once. */
  readonly folder: (release: ReleaseId, artifact: Digest, signal: AbortSignal) => Promise<string>
  /** Removes what a killed process left half unpacked. Only before the first `folder`. */
  readonly clean: () => Promise<void>
  /** Removes the oldest folders that are not in use, beyond the newest `releasesUnpackedMax`. */
  readonly prune: (inUse: ReadonlySet<string>) => Promise<void>
}

type Place = { readonly folder: string; readonly artifacts: ArtifactStore }

/** Unpacks into `folder`. */
export const unpackedReleases = (folder: string, artifacts: ArtifactStore): Unpacked => {
  const place = { folder, artifacts }
  const underWay = new Map<ReleaseId, Promise<string>>()
  const unpackOnce = (release: ReleaseId, artifact: Digest, signal: AbortSignal): Promise<string> => {
    const before = underWay.get(release)
    // The other caller may have been called off; that is not this one's failure.
    if (before !== undefined) return before.catch(() => unpackOnce(release, artifact, signal))
    const work = unpack(place, { release, artifact }, signal).finally(() => underWay.delete(release))
    underWay.set(release, work)
    return work
  }
  return {
    folder: unpackOnce,
    clean: () => clean(folder),
    prune: (inUse) => prune(folder, inUse),
  }
}

const unpack = async (
  { folder, artifacts }: Place,
  { release, artifact }: { readonly release: ReleaseId; readonly artifact: Digest },
  signal: AbortSignal,
): Promise<string> => {
  const target = join(folder, release)
  const receipt = join(folder, `${release}.json`)
  // Files of an earlier boot may have been cut off by the loss of power, so a receipt is good for one boot.
  const expected = JSON.stringify({ artifact, boot: await bootId() })
  const isThere = async (): Promise<boolean> =>
    (await readFile(receipt, 'utf8').catch(() => '')) === expected && (await isFolder(target))
  if (await isThere()) return target
  const suffix = `${process.pid}-${randomBytes(6).toString('hex')}`
  const temporary = join(folder, `.new-${release}-${suffix}`)
  try {
    await mkdir(temporary, { recursive: true })
    await artifacts.unpack(artifact, temporary, signal)
    if (await isThere()) return target
    if (await isFolder(target)) await rename(target, join(folder, `.old-${release}-${suffix}`))
    await rename(temporary, target)
    await writeWhole(receipt, expected)
  } catch (error) {
    throw diskError(error, temporary)
  } finally {
    await rm(temporary, { recursive: true, force: true })
    await rm(join(folder, `.old-${release}-${suffix}`), { recursive: true, force: true })
  }
  return target
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

const bootId = (): Promise<string> =>
  readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => 'unknown',
  )

const clean = async (folder: string): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  const left = names.filter((name) => {
    const [, pid] = /^\.(?:new|old)-.*-(\d+)-[0-9a-f]+$/.exec(name) ?? []
    return pid !== undefined && identify(Number(pid)) === null
  })
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

const prune = async (folder: string, inUse: ReadonlySet<string>): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  const idle = names.filter((name) => name.startsWith('rel_') && !name.endsWith('.json') && !inUse.has(name))
  if (idle.length <= limits.releasesUnpackedMax) return
  const dated = await Promise.all(
    idle.map(async (name) => ({
      name,
      at: (await stat(join(folder, `${name}.json`)).catch(() => null))?.mtimeMs ?? 0,
    })),
  )
  for (const { name } of dated.toSorted((a, b) => b.at - a.at).slice(limits.releasesUnpackedMax)) {
    await rm(join(folder, `${name}.json`), { force: true })
    await rm(join(folder, name), { recursive: true, force: true })
  }
}
