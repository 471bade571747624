/** Collects what lowering has to say. One collector for a whole pipeline, however many files it is made of. */
import type { LoweringNote } from '../../../core/pipeline/job-plan.ts'
import type { Place } from './tree.ts'

/** What is said, where: a dotted key path and a place in a file. */
export type Spot = { readonly key: string; readonly place: Place }

/** The collector. */
export type Notes = {
  /** Something that keeps the pipeline from starting. */
  readonly error: (spot: Spot, message: string) => void
  /** Something that is read differently here, or not at all. */
  readonly warn: (spot: Spot, message: string) => void
  readonly hasErrors: () => boolean
  /** All notes, errors first, in the order of the files; one that would be said of many places is said once, with their number. */
  readonly list: () => readonly LoweringNote[]
}

/** An empty collector. */
export const createNotes = (): Notes => {
  const noted: LoweringNote[] = []
  const add = (level: LoweringNote['level'], { key, place }: Spot, message: string): void => {
    noted.push({ level, key, message, file: place.file, line: place.line, column: place.column })
  }
  return {
    error: (spot, message) => add('error', spot, message),
    warn: (spot, message) => add('warning', spot, message),
    hasErrors: () => noted.some(({ level }) => level === 'error'),
    list: () => [...distinct(noted, 'error'), ...distinct(noted, 'warning')],
  }
}

const distinct = (noted: readonly LoweringNote[], level: LoweringNote['level']): readonly LoweringNote[] => {
  const groups = new Map<string, { readonly first: LoweringNote; readonly places: Set<string> }>()
  for (const note of noted) {
    if (note.level !== level) continue
    const group = groups.get(note.message) ?? { first: note, places: new Set() }
    group.places.add(`${note.file}:${note.line}:${note.column}`)
    groups.set(note.message, group)
  }
  return [...groups.values()].map(({ first, places }) =>
    places.size === 1 ? first : { ...first, message: `${first.message} (here and in ${places.size - 1} more places)` },
  )
}
