/** Layers of a job's files. Source: the kernel's documentation of overlayfs (Documentation/filesystems/overlayfs.rst, 6.x). */
import { chmod, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** How layers are mounted. `renames`: whether a folder that came from a lower layer may be renamed (not in a user namespace). */
export type OverlayOptions = { readonly words: string; readonly renames: boolean }

/** What is mounted at `w`: names of lower layers, the lowest first, and the number of the layer that takes the changes. */
export type Mount = { readonly lowers: readonly string[]; readonly layer: number; readonly overlay: OverlayOptions }

/** The keeper's line that mounts. Names are relative to its folder and ours, so that nothing in them needs quoting and many fit into the one page that mount(2) takes. */
export const mountLine = (mount: Mount): string => `own mount -i -n -t overlay -o ${optionsOf(mount, '')} sluice w`

/** Of the page, what other options may take. */
const optionBytesMax = 3_500

/** The same mount as a row of a file for `mount -a`, called in a folder above the job's, which is at `prefix` there; null where the words would not fit, or would be taken for others. */
export const mountRow = (mount: Mount, { folder, prefix }: { folder: string; prefix: string }): string | null => {
  const options = optionsOf(mount, `${prefix}/`)
  return /^[\w./-]+$/.test(prefix) && options.length <= optionBytesMax
    ? `sluice ${folder} overlay ${options} 0 0`
    : null
}

const optionsOf = ({ lowers, layer, overlay }: Mount, prefix: string): string => {
  const below = lowers.toReversed().map((name) => prefix + name)
  const own = `upperdir=${prefix}${layer}/u,workdir=${prefix}${layer}/k`
  return [`lowerdir=${below.join(':')}`, own, overlay.words].filter((one) => one !== '').join(',')
}

/** The keeper's line that takes the mount away; it fails when a process still uses it. */
export const unmountLine = 'own umount -n w'

/** Removes a layer's folder. The kernel leaves folders of no mode at all in it, which only root may enter. */
export const removeLayer = async (folder: string): Promise<void> => {
  for (const name of ['work', 'work/incompat', 'work/incompat/volatile', 'index']) {
    const path = join(folder, 'k', name)
    await chmod(path, 0o700).catch(() => {})
  }
  await rm(folder, { recursive: true, force: true })
}
