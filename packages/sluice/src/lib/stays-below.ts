/** Paths below a folder in which somebody else may have put links. */
import { lstatSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isInnerLink } from './inner-link.ts'

/** As many as the system follows. Source: path_resolution(7). */
const linksMax = 40

/**
 * Whether a path with `/` between its parts stays below a folder, whatever links lie on it, the last part included; one of which a part is not there does. Links that stay
 * inside may be followed. For a folder as it stands: whoever changes it meanwhile is not seen.
 */
export const staysBelow = (folder: string, path: string): boolean => {
  let parts = partsOf(path)
  let links = 0
  for (let at = 1; at <= parts.length;) {
    const name = parts.slice(0, at).join('/')
    const target = targetOf(join(folder, name))
    if (target === null) {
      at += 1
      continue
    }
    links += 1
    if (links > linksMax || !isInnerLink(name, target)) return false
    parts = partsOf(join(dirname(name), target, ...parts.slice(at)))
    at = 1
  }
  return true
}

/** Where a link leads; null for what is none, or not there. */
const targetOf = (path: string): string | null => {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : null
  } catch {
    // In a folder that may not be looked into: nobody gets below it either.
    return null
  }
}

const partsOf = (path: string): readonly string[] => path.split('/').filter((part) => part !== '' && part !== '.')
