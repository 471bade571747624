/** Collects what lowering has to say. One collector for a whole pipeline, however many files it is made of. */
import { limits } from '../../../core/limits.ts'
import type { LoweringNote } from '../../../core/pipeline/job-plan.ts'
import type { Place } from './tree.ts'

/** What is said, where: a dotted key path and a place in a file. */
export type Spot = { readonly key: string; readonly place: Place }

/** The collector. */
export type Notes = {
  /** Something that keeps the pipeline from starting. */
  readonly error: (spot: Spot, message: string) => void
  /** Something of GitLab's that cannot be had here, which does the same where it is part of what runs. */
  readonly refuse: (spot: Spot, message: string) => void
  /** Something that is read differently here, or not at all. */
  readonly warn: (spot: Spot, message: string) => void
  readonly hasErrors: () => boolean
  /** Whether any of them is more than a refusal. */
  readonly hasFaults: () => boolean
  /** How many errors there are so far. */
  readonly errors: () => number
  /** Refusals become warnings where the spot is not part of what runs. */
  readonly excuse: (isPart: (key: string) => boolean) => void
  /** All notes, errors first, in the order of the files; one that would be said of many places is said once, with their lines. */
  readonly list: () => readonly LoweringNote[]
}

type Noted = { readonly isRefusal: boolean; readonly note: LoweringNote }

/** An empty collector. */
export const createNotes = (): Notes => {
  let noted: Noted[] = []
  const add =
    (isRefusal: boolean, level: LoweringNote['level']) =>
    ({ key, place }: Spot, message: string): void => {
      const { file, line, column } = place
      noted.push({ isRefusal, note: { level, key, message, file, line, column } })
    }
  return {
    error: add(false, 'error'),
    refuse: add(true, 'error'),
    warn: add(false, 'warning'),
    excuse: (isPart) => {
      noted = noted.map(({ isRefusal, note }) =>
        isRefusal && !isPart(note.key)
          ? { isRefusal, note: { ...note, level: 'warning', message: `${note.message} (no part of what runs)` } }
          : { isRefusal, note },
      )
    },
    hasErrors: () => noted.some(({ note }) => note.level === 'error'),
    hasFaults: () => noted.some(({ isRefusal, note }) => note.level === 'error' && !isRefusal),
    errors: () => noted.filter(({ note }) => note.level === 'error').length,
    list: () => {
      const notes = noted.map(({ note }) => note)
      return [...distinct(notes, 'error'), ...distinct(notes, 'warning')]
    },
  }
}

const distinct = (noted: readonly LoweringNote[], level: LoweringNote['level']): readonly LoweringNote[] => {
  const groups = new Map<string, Map<string, LoweringNote>>()
  for (const note of noted) {
    if (note.level !== level) continue
    const group = groups.get(note.message) ?? new Map<string, LoweringNote>()
    const place = `${note.file}:${note.line}:${note.column}`
    if (!group.has(place)) group.set(place, note)
    groups.set(note.message, group)
  }
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group.values()
    if (first === undefined) return []
    return others.length === 0 ? [first] : [{ ...first, message: `${first.message} (also ${alsoAt(others, first)})` }]
  })
}

/** `line 5, line 9, base.yml:3 and in 4 more places`. */
const alsoAt = (others: readonly LoweringNote[], { file }: LoweringNote): string => {
  const texts = others.map((note) => (note.file === file ? `line ${note.line}` : `${note.file}:${note.line}`))
  const places = [...new Set(texts)]
  const more = places.length - limits.notePlacesMax
  return `at ${places.slice(0, limits.notePlacesMax).join(', ')}${more > 0 ? ` and in ${more} more places` : ''}`
}
