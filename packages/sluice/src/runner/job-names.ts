/** Names of a job's files. */
import { createHash } from 'node:crypto'

/** A key as a file name; keys are made of ids and job names, which hold nothing worse than a slash. Long ones keep their beginning and end in a hash. */
export const safe = (key: string): string => {
  const name = key.replaceAll('/', '.').replaceAll(/[^\w.-]/g, '_')
  if (name === key.replaceAll('/', '.') && name.length <= nameCharactersMax) return name
  return `${name.slice(0, nameCharactersMax)}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`
}

/** Leaves room for endings in the 255 bytes that file systems have. */
const nameCharactersMax = 150
