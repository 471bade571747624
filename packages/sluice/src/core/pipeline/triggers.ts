/** Which runs a commit starts, and which jobs are part of a run. */
import type { JobSettings, TriggerSettings } from '../config/settings.ts'
import type { RunOrigin, RunTrigger } from './types.ts'

/** What is known of a commit when a run of it is planned. `changed`: paths that differ from what was there before; null when nobody knows. */
export type Occasion = RunOrigin & { readonly trigger: RunTrigger; readonly changed: readonly string[] | null }

/** Whether a job is part of a run; otherwise why not, as a sentence for whoever looks for it. */
export const partOfRun = ({ only }: JobSettings, { trigger, branch, tag, changed }: Occasion): string | null => {
  if (only === null) return null
  const { branches, tags, paths, events } = only
  if (events !== null && !events.includes(trigger.event))
    return `it runs for ${events.join(', ')}, and this is ${trigger.event}`
  const isNamed = branches !== null || tags !== null
  const fits = matchesAny(branches, branch) || matchesAny(tags, tag)
  if (isNamed && !fits)
    return `it runs for ${[...(branches ?? []), ...(tags ?? [])].join(', ')}, and this is ${tag ?? branch ?? 'no branch'}`
  if (paths !== null && changed !== null && !changed.some((path) => matchesAny(paths, path)))
    return `nothing changed in ${paths.join(', ')}`
  return null
}

/** Whether a push starts a run by itself. A pipeline without patterns starts one for every branch. */
export const startsRun = (
  on: TriggerSettings,
  { branch, tag, changed }: Pick<Occasion, 'branch' | 'tag' | 'changed'>,
): boolean => {
  const isNamed = on.branches !== null || on.tags !== null
  const fits = isNamed ? matchesAny(on.branches, branch) || matchesAny(on.tags, tag) : tag === null
  return fits && (on.paths === null || changed === null || changed.some((path) => matchesAny(on.paths, path)))
}

/**
 * Whether a pull request into `base`, from the branch of `of`, starts a run by itself. Where the config does not say, one whose branch starts a run when it is pushed starts none of its own: it
 * would be the same commit twice.
 */
export const pullRequestStartsRun = (
  on: TriggerSettings,
  base: string,
  of: Pick<Occasion, 'branch' | 'changed'>,
): boolean => {
  const { pullRequests, paths } = on
  if (pullRequests === undefined && startsRun(on, { ...of, tag: null, changed: null })) return false
  if (pullRequests !== undefined && !matchesAny(pullRequests, base)) return false
  return paths === null || of.changed === null || of.changed.some((path) => matchesAny(paths, path))
}

/** Whether a name is among patterns; the last one that fits decides, and `!` takes away. */
const matchesAny = (patterns: readonly string[] | null, name: string | null): boolean => {
  if (patterns === null || name === null) return false
  return patterns.reduce((isIn, pattern) => {
    const isTaken = pattern.startsWith('!')
    return takes(isTaken ? pattern.slice(1) : pattern, name) ? !isTaken : isIn
  }, false)
}

type Piece = { readonly kind: 'letter'; readonly letter: string } | { readonly kind: 'one' | 'some' | 'any' | 'maybe' }

/** `*` is any text without a slash (`some`), `**` any text (`any`), `?` one character; `**` with a slash behind it any folders or none (`maybe`, and `any` up to a slash). */
const piecesOf = (pattern: string): readonly Piece[] =>
  pattern.split(/(\*\*\/?|\*|\?)/).flatMap((part): readonly Piece[] => {
    if (part === '**/') return [{ kind: 'maybe' }, { kind: 'any' }, { kind: 'letter', letter: '/' }]
    if (part === '**') return [{ kind: 'any' }]
    if (part === '*') return [{ kind: 'some' }]
    return part === '?' ? [{ kind: 'one' }] : [...part].map((letter) => ({ kind: 'letter', letter }))
  })

/** Whether a pattern takes a whole name. All ways are gone at once, so that a pattern of many stars takes no longer than its length times that of the name: who wrote it may be anybody. */
const takes = (pattern: string, name: string): boolean => {
  const pieces = piecesOf(pattern)
  // What may come next, with what may be left out before it.
  const entered = (places: Iterable<number>): ReadonlySet<number> => {
    const open = new Set(places)
    for (const at of open) {
      const kind = pieces[at]?.kind
      if (kind === 'some' || kind === 'any' || kind === 'maybe') open.add(at + 1)
      if (kind === 'maybe') open.add(at + 3)
    }
    return open
  }
  let places = entered([0])
  for (const letter of name) {
    const next = new Set<number>()
    for (const at of places) {
      const piece = pieces[at]
      if (piece?.kind === 'any' || (piece?.kind === 'some' && letter !== '/')) next.add(at)
      const isOne = piece?.kind === 'one' && letter !== '/'
      if (isOne || (piece?.kind === 'letter' && piece.letter === letter)) next.add(at + 1)
    }
    if (next.size === 0) return false
    places = entered(next)
  }
  return places.has(pieces.length)
}
