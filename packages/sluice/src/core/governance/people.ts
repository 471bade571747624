/** Whether two names mean the same person: a login, an address, or a commit's author. In doubt they do, so that nobody approves their own work under another name. */
import type { Actor } from '../model.ts'
import type { Stakes } from './types.ts'

/** `Ada <7+ada@users.noreply.github.com>` is `ada`, too: the address that GitHub gives to who hides theirs. */
const noreply = /^(?:\d+\+)?([^@]+)@users\.noreply\./

/** What a person goes by, in lower case: the whole text, a name, an address, and what stands before its @. */
const namesOf = (text: string): readonly string[] => {
  const whole = text.trim().toLowerCase()
  const parted = /^(.*?)\s*<([^<>]*)>$/.exec(whole)
  const address = parted?.[2] ?? (whole.includes('@') ? whole : '')
  const login = noreply.exec(address)?.[1] ?? address.split('@')[0] ?? ''
  return [...new Set([whole, parted?.[1] ?? '', address, login])].filter((name) => name !== '')
}

/** See the file's header. */
export const isSamePerson = (one: string, other: string): boolean => {
  const known = new Set(namesOf(one))
  return namesOf(other).some((name) => known.has(name))
}

/** What somebody has to do with a release, in words; null for nothing. */
export const stakeOf = ({ name }: Pick<Actor, 'name'>, { author, triggeredBy, requestedBy }: Stakes): string | null => {
  if (isSamePerson(name, author)) return 'wrote the commit'
  if (triggeredBy !== null && isSamePerson(name, triggeredBy)) return 'started the run that built it'
  if (requestedBy !== null && isSamePerson(name, requestedBy)) return 'asks for the rollout'
  return null
}
