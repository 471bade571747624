/** Rules: which of a list is the first whose `if`, `changes` and `exists` all hold. */
import { limits } from '../../../core/limits.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { type ConditionParse, holds, parseCondition } from './condition.ts'
import type { GitlabContext } from './context.ts'
import { matchesAny } from './fnmatch.ts'
import type { KeyScope } from './keys.ts'
import type { Notes } from './notes.ts'
import { itemsOf, type MapTree, type Tree, textOf, textsOf, valueOf } from './tree.ts'
import type { Filler } from './variables.ts'

/** What rules are decided with. */
export type RuleFacts = {
  readonly context: GitlabContext
  readonly filler: Filler
  readonly notes: Notes
  /** Conditions that were read before; rules are much the same from job to job. */
  readonly conditions: Map<string, ConditionParse>
}

/** Facts for other variables, with what was read so far. */
export const factsWith = (facts: RuleFacts, filler: Filler): RuleFacts => ({ ...facts, filler })

/** The rules of a list, with lists inside it (from `!reference`) opened. */
export const rulesOf = (tree: Tree | null, path: string, notes: Notes): readonly MapTree[] => {
  const flat = (node: Tree, depth: number): readonly MapTree[] => {
    if (node.kind === 'map') return [node]
    if (node.kind === 'list' && depth <= limits.scriptDepthMax)
      return node.items.flatMap((item) => flat(item, depth + 1))
    expected(notes, { key: path, place: node.place }, 'a list of rules, each with if, changes, exists or when')
    return []
  }
  return tree === null ? [] : flat(tree, 0)
}

/** The first rule that matches; null when none does. Keys of all of them are checked. */
export const firstMatch = (
  rules: readonly MapTree[],
  { key, scope }: { readonly key: string; readonly scope: KeyScope },
  facts: RuleFacts,
): MapTree | null => {
  for (const [index, rule] of rules.entries()) {
    checkKeys(rule, scope, { key: `${key}[${index}]`, notes: facts.notes })
    condition(rule, `${key}[${index}]`, facts)
  }
  return rules.find((rule, index) => matches(rule, `${key}[${index}]`, facts)) ?? null
}

const matches = (rule: MapTree, key: string, facts: RuleFacts): boolean => {
  const read = condition(rule, key, facts)
  if (read !== null && (read.kind === 'invalid' || !holds(read.condition, facts.filler.known))) return false
  return changesMatch(rule, key, facts) && existsMatch(rule, key, facts)
}

const condition = (rule: MapTree, key: string, facts: RuleFacts): ConditionParse | null => {
  const written = valueOf(rule, 'if')
  if (written === null) return null
  const text = textOf(written)
  if (text === null) {
    expected(facts.notes, spotOf(rule, key, 'if'), 'an expression')
    return { kind: 'invalid', message: '', at: 0 }
  }
  return conditionOf(text, spotOf(rule, key, 'if'), facts)
}

/** Reads an expression, once for all rules that have it; what is wrong with it is noted. */
export const conditionOf = (text: string, spot: Parameters<Notes['error']>[0], facts: RuleFacts): ConditionParse => {
  const known = facts.conditions.get(text)
  const read = known ?? parseCondition(text)
  facts.conditions.set(text, read)
  if (read.kind === 'invalid')
    facts.notes.error(spot, `the expression ${JSON.stringify(text)} ${read.message} (character ${read.at + 1})`)
  return read
}

const changesMatch = (rule: MapTree, key: string, facts: RuleFacts): boolean => {
  const changes = valueOf(rule, 'changes')
  if (changes === null) return true
  checkKeys(changes, 'changes', { key: `${key}.changes`, notes: facts.notes })
  const { context, filler, notes } = facts
  const compareTo = textOf(valueOf(changes, 'compare_to'))
  const ref = compareTo === null ? null : filler.text(compareTo, 'kept')
  const changed = ref === null ? context.changes : context.changesTo(ref)
  if (ref !== null && changed === null)
    notes.error(
      spotOf(rule, key, 'changes'),
      `changes:compare_to names "${ref}", and there is no such branch, tag or commit`,
    )
  return changedAmong(changes.kind === 'map' ? valueOf(changes, 'paths') : changes, changed, filler)
}

/** Whether files that match differ. Where nobody can say what differs, they do. */
export const changedAmong = (patterns: Tree | null, changed: readonly string[] | null, filler: Filler): boolean =>
  changed === null || matchesAny(filled(patterns, filler), changed)

const existsMatch = (rule: MapTree, key: string, { context, filler, notes }: RuleFacts): boolean => {
  const exists = valueOf(rule, 'exists')
  if (exists === null) return true
  checkKeys(exists, 'exists', { key: `${key}.exists`, notes })
  const patterns = filled(exists.kind === 'map' ? valueOf(exists, 'paths') : exists, filler)
  return matchesAny(patterns, context.paths)
}

const filled = (patterns: Tree | null, filler: Filler): readonly string[] =>
  itemsOf(patterns)
    .flatMap(textsOf)
    .map((pattern) => filler.text(pattern, 'kept'))
