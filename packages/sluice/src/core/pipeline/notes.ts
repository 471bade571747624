/** What a document of another system says and this program reads differently, in words. */
import { SluiceError } from '../errors.ts'
import type { LoweringNote } from './job-plan.ts'
import type { PipelineOrigin } from './types.ts'

/** A note as one line: `error .github/workflows/ci.yml:7:5 jobs.test.needs: …`. */
export const noteText = ({ level, key, message, file, line, column }: LoweringNote): string => {
  const place = [file, line, column].filter((part) => part !== null).join(':')
  return `${level} ${place}${key === '' ? '' : ` ${key}`}: ${message}`
}

/** Whether nothing is wrong with the document, and this machine has not what it asks for. */
const isOfMachine = ({ key, message }: LoweringNote): boolean =>
  /\.(?:uses|runs-on|container)$/.test(key) && / --[a-z-]+/.test(message)

/** Throws `config_invalid` where a note is an error: with every note, the errors first. */
export const assertHonoured = ({ file, notes }: Pick<PipelineOrigin, 'file' | 'notes'>): void => {
  const errors = notes.filter(({ level }) => level === 'error')
  const [first] = errors
  if (first === undefined) return
  const { line, column, key, message } = first
  const place = [first.file, line, column].filter((part) => part !== null).join(':')
  const many = errors.length > 1 ? `${errors.length} things are wrong in ${file}; the first: ` : ''
  throw new SluiceError('config_invalid', {
    detail: `${many}${place}${key === '' ? '' : ` ${key}`}: ${message}`,
    hint: errors.every(isOfMachine)
      ? `each line says what would help; or run only jobs that need none of it, with --job <name>`
      : `mend ${first.file} and commit`,
    evidence: [...errors, ...notes.filter(({ level }) => level !== 'error')].map(noteText),
  })
}
