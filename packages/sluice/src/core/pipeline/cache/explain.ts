/** Why a job was not found in the cache: its key's parts beside those of an earlier result. */
import { limits } from '../../limits.ts'
import type { Texts } from '../job-plan.ts'
import type { KeyDocument } from './document.ts'

/** One part of a key that differs. `part` groups what is counted together when there is much of it. */
type Difference = { readonly part: 'input' | 'other'; readonly text: string }

/** Exactly what is different between a key and an earlier one of the same job, one sentence a line; empty when nothing is. Values are told by the first digits of their digests. */
export const explainMiss = (document: KeyDocument, previous: KeyDocument): readonly string[] => {
  const found = differences(document, previous)
  const inputs = found.filter(({ part }) => part === 'input').map(({ text }) => text)
  const others = found.filter(({ part }) => part === 'other').map(({ text }) => text)
  const shown = inputs.slice(0, limits.cacheReasonsMax)
  const more = inputs.length - shown.length
  return [...others, ...shown, ...(more === 0 ? [] : [`and ${more} more inputs`])]
}

/** The candidate with the fewest differences; of equals the first. Null without any. */
export const nearest = (document: KeyDocument, candidates: readonly KeyDocument[]): KeyDocument | null => {
  const counted = candidates.map((candidate) => ({ candidate, count: differences(document, candidate).length }))
  const [best = null] = counted.toSorted((a, b) => a.count - b.count)
  return best?.candidate ?? null
}

const differences = (now: KeyDocument, before: KeyDocument): readonly Difference[] => [
  ...[
    ...(now.platform === before.platform ? [] : [`the machine is ${now.platform}, and was ${before.platform} before`]),
    ...stepChanges(now, before),
    ...changes(now.settings, before.settings, (name) => `setting ${name}`),
    ...changes(now.variables, before.variables, (name) => `variable ${name} of the job`),
    ...changes(now.env, before.env, (name) => `environment variable ${name}`, digests),
    ...changes(now.tools, before.tools, (name) => `\`${name}\``, sayings),
    ...upstreamChanges(now, before),
  ].map((text) => ({ part: 'other', text }) as const),
  ...(now.inputs.digest === before.inputs.digest
    ? []
    : changes(now.inputs.files, before.inputs.files, (name) => `input ${name}`).map(
        (text) => ({ part: 'input', text }) as const,
      )),
]

const stepChanges = (now: KeyDocument, before: KeyDocument): readonly string[] =>
  Array.from({ length: Math.max(now.steps.length, before.steps.length) }, (_, index) => {
    const [current, old] = [now.steps[index], before.steps[index]]
    if (current === undefined) return `step ${index + 1} (${old?.name}) is gone`
    if (old === undefined) return `step ${index + 1} (${current.name}) is new`
    return current.digest === old.digest ? null : `step ${index + 1} (${current.name}) is not what it was`
  }).filter((text) => text !== null)

const upstreamChanges = (now: KeyDocument, before: KeyDocument): readonly string[] => {
  const names = [...new Set([...Object.keys(now.upstream), ...Object.keys(before.upstream)])].toSorted()
  return names.flatMap((name) => {
    const [current, old] = [now.upstream[name], before.upstream[name]]
    if (current === undefined) return [`${name} is not needed any more`]
    if (old === undefined) return [`${name} is needed now`]
    return changes(current, old, (part) => `${part} of ${name}`)
  })
}

type Values = Readonly<Record<string, string | null>>

/** `says` adds how it changed, where that may be told. */
const changes = (
  now: Values,
  before: Values,
  ...[title, says]: readonly [(name: string) => string, ((now: string, before: string) => string)?]
): readonly string[] => {
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])].toSorted()
  return names.flatMap((name) => {
    const [current = null, old = null] = [now[name], before[name]]
    if (current === old) return []
    if (old === null) return [`${title(name)} is new`]
    if (current === null) return [`${title(name)} is gone`]
    return [`${title(name)} changed${says?.(current, old) ?? ''}`]
  })
}

const digests = (now: string, before: string): string => ` (digest ${before.slice(0, 8)} → ${now.slice(0, 8)})`

const sayings = (now: string, before: string): string => `: ${firstLine(before)} → ${firstLine(now)}`

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, limits.evidenceLineMax)

/** How much of a key there is, for a hit or a first run. */
export const describeKey = ({ inputs, env, tools, upstream }: KeyDocument): string => {
  const counts: Texts = {
    inputs: String(Object.keys(inputs.files).length),
    variables: String(Object.keys(env).length),
    tools: String(Object.keys(tools).length),
    needs: String(Object.keys(upstream).length),
  }
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}
