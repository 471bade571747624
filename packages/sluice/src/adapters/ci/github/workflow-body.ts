/** A document of a workflow as plain data, and the lines that its jobs stand on. */
import type { Fields } from './definition.ts'
import { isMapping } from './expressions.ts'
import { child, toJson, type Tree } from './tree.ts'

/** Lines of the jobs (`build`), their steps (`build.0`) and their fields (`build:runs-on`). */
export const linesOf = (tree: Tree): Readonly<Record<string, number>> => {
  const jobs = child(tree, 'jobs')
  const lines: Record<string, number> = {}
  for (const { key, keyPlace, value } of jobs?.kind === 'map' ? jobs.entries : []) {
    lines[key] = keyPlace.line
    for (const field of value.kind === 'map' ? value.entries : []) lines[`${key}:${field.key}`] = field.keyPlace.line
    const steps = child(value, 'steps')
    for (const [index, step] of (steps?.kind === 'list' ? steps.items : []).entries())
      lines[`${key}.${index}`] = step.place.line
  }
  return lines
}

/** The plain value of a document that is a mapping. */
export const bodyOf = (tree: Tree): Fields => {
  const body = toJson(tree)
  return isMapping(body) ? body : {}
}
