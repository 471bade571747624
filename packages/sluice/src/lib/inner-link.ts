/** Symbolic links that cannot leave the folder that they are given out with, whatever other links lie beside them. */

/**
 * Whether a link may be kept: `name` is its path below the folder, `/` between its parts. It goes up first and down then, and up no further than the folder: where a
 * `..` follows a name, that name may be a link, here or in what is unpacked over it later, and `..` of where it leads may be anywhere.
 */
export const isInnerLink = (name: string, target: string): boolean => {
  if (target.startsWith('/')) return false
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const firstName = parts.findIndex((part) => part !== '..')
  const ups = firstName === -1 ? parts.length : firstName
  const depth = name.split('/').filter((part) => part !== '' && part !== '.').length - 1
  return ups <= depth && !parts.slice(ups).includes('..')
}
