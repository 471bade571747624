/** `only` and `except`: the way to say which pipelines a job takes part in before there were rules. Source: docs.gitlab.com/ci/yaml/deprecated_keywords, 2026-08. */
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { holds, patternOf } from './condition.ts'
import { isFoundIn } from './re2.ts'
import type { GitlabContext } from './context.ts'
import type { Notes } from './notes.ts'
import { changedAmong, conditionOf, type RuleFacts } from './rules.ts'
import { itemsOf, type MapTree, type Tree, textOf, textsOf, valueOf } from './tree.ts'

/** Whether a job without rules takes part. Without `only` it does for branches and tags, unless `workflow:rules` decides about pipelines. */
export const takesPart = (
  job: MapTree,
  { key, hasWorkflowRules }: { readonly key: string; readonly hasWorkflowRules: boolean },
  facts: RuleFacts,
): boolean => {
  const only = valueOf(job, 'only')
  const except = valueOf(job, 'except')
  for (const [name, tree] of [['only', only] as const, ['except', except] as const]) {
    checkKeys(tree, 'only', { key: `${key}.${name}`, notes: facts.notes })
    checkRefs(tree?.kind === 'map' ? valueOf(tree, 'refs') : tree, `${key}.${name}`, facts.notes)
  }
  const byDefault = hasWorkflowRules || facts.context.mergeRequest === null
  const isWanted = only === null ? byDefault : wanted(only, key, facts)
  return isWanted && !(except !== null && unwanted(except, key, facts))
}

/** Notes what is neither a name nor a pattern. */
const checkRefs = (refs: Tree | null, key: string, notes: Notes): void => {
  for (const item of itemsOf(refs)) {
    const isText = item.kind === 'scalar' && typeof item.value === 'string'
    if (!isText || (/^\/.*\/[ismU]*$/.test(item.text) && patternOf(item.text) === null))
      expected(
        notes,
        { key, place: item.place },
        `names, or patterns of RE2 between slashes${isText ? `, not ${item.text}` : ''}`,
      )
  }
}

/** All that `only` says must be met. */
const wanted = (only: Tree, key: string, facts: RuleFacts): boolean => {
  if (only.kind !== 'map') return refsMatch(only, facts.context)
  const refs = valueOf(only, 'refs')
  const byRefs = refs === null ? facts.context.mergeRequest === null : refsMatch(refs, facts.context)
  return byRefs && variablesMatch(only, key, facts) !== false && changesMatch(only, facts) !== false
}

/** One thing that `except` says is enough. */
const unwanted = (except: Tree, key: string, facts: RuleFacts): boolean => {
  if (except.kind !== 'map') return refsMatch(except, facts.context)
  const refs = valueOf(except, 'refs')
  return (
    (refs !== null && refsMatch(refs, facts.context)) ||
    variablesMatch(except, key, facts) === true ||
    changesMatch(except, facts) === true
  )
}

const variablesMatch = (policy: MapTree, key: string, facts: RuleFacts): boolean | null => {
  const written = valueOf(policy, 'variables')
  if (written === null) return null
  const spot = spotOf(policy, `${key}.only`, 'variables')
  return textsOf(written).some((text) => {
    const read = conditionOf(text, spot, facts)
    return read.kind === 'condition' && holds(read.condition, facts.filler.known)
  })
}

const changesMatch = (policy: MapTree, { context, filler }: RuleFacts): boolean | null => {
  const changes = valueOf(policy, 'changes')
  return changes === null ? null : changedAmong(changes, context.changes, filler)
}

/** `pushes`, `push` and `merge_requests` name what started the pipeline. Source: GitLab's `lib/gitlab/ci/build/policy/refs.rb`, 2026-08. */
const isSource = (pattern: string, source: string): boolean => {
  const name = source.replace(/_event$/, '')
  return pattern === name || pattern === `${name}${name.endsWith('sh') ? 'es' : 's'}`
}

const refsMatch = (refs: Tree, context: GitlabContext): boolean =>
  itemsOf(refs).some((item) => refMatches(textOf(item) ?? '', context))

const refMatches = (written: string, { ref, source, mergeRequest, project }: GitlabContext): boolean => {
  // `name@group/project`: only in that project.
  const at = written.indexOf('@')
  const pattern = at > 0 ? written.slice(0, at) : written
  if (at > 0 && written.slice(at + 1) !== project.path) return false
  if (isSource(pattern, source)) return true
  if (mergeRequest !== null) return false
  if (pattern === 'branches') return ref.kind === 'branch'
  if (pattern === 'tags') return ref.kind === 'tag'
  if (!pattern.startsWith('/')) return pattern === ref.name
  const expression = patternOf(pattern)
  return expression !== null && isFoundIn(expression, ref.name)
}
