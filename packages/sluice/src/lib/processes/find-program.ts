/** Where programs are. */
import { accessSync, constants, existsSync } from 'node:fs'
import { normalize } from 'node:path'

/** The absolute path of a program; null when it is not on the path, or may not be executed. */
export const findProgram = (name: string, path: string): string | null => {
  for (const folder of path.split(':')) {
    const place = `${folder}/${name}`
    if (folder !== '' && isExecutable(place)) return place.includes('//') ? normalize(place) : place
  }
  return null
}

const isExecutable = (path: string): boolean => {
  // Most are not there, and an error for each takes longer than the question.
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
