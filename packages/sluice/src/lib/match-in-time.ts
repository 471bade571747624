/** Patterns that somebody else wrote, matched with a time limit: one that goes wild on a text would otherwise hold up this process, and everything that it does. */
import { createContext, Script } from 'node:vm'

/** A regular expression by its text and flags. */
export type PatternText = Pick<RegExp, 'source' | 'flags'>

/** The groups of a match, the whole first. */
export type Groups = readonly (string | undefined)[]

/** Another realm, because only what runs in one can be stopped. */
type Realm = { readonly script: Script; readonly context: Record<string, unknown> }

const code = `{
  const pattern = new RegExp(source, flags)
  found = texts.map((text) => (pattern.global ? [...text.matchAll(pattern)].at(-1) : text.match(pattern)) ?? null)
}`

/** The one that was made: it takes a thousand times as long as a match. */
const made: Realm[] = []

const theRealm = (): Realm => {
  const realm = made[0] ?? { script: new Script(code), context: createContext({}) }
  made[0] = realm
  return realm
}

/** For each text the first match of a pattern, or the last where its flags have `g`, null where it has none; null in place of all where it takes longer than `maxMs` (whole milliseconds). */
export const matchesInTime = (
  { source, flags }: PatternText,
  texts: readonly string[],
  maxMs: number,
): readonly (Groups | null)[] | null => {
  const { script, context } = theRealm()
  Object.assign(context, { source, flags, texts, found: null })
  try {
    script.runInContext(context, { timeout: maxMs })
    const found: unknown = context['found']
    return Array.isArray(found) ? found.map(groupsOf) : []
  } catch {
    return null
  } finally {
    Object.assign(context, { texts: null, found: null })
  }
}

const groupsOf = (match: unknown): Groups | null =>
  Array.isArray(match) ? Array.from(match, (group: unknown) => (typeof group === 'string' ? group : undefined)) : null
