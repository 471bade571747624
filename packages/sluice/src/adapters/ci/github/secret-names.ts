/** Which secrets a job refers to: a plan carries names only. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import type { Call } from './definition.ts'

/** Names of the secrets that a job's texts use, as the secret source has them: inside of a called workflow those that the caller hands over under these names. */
export const secretNames = (value: JsonValue, call: Call | null): readonly string[] => {
  const used = namesIn(JSON.stringify(value))
  if (call === null) return used
  if (call.secrets === 'inherit') return secretNames(value, call.above)
  const { secrets } = call
  const templates = Object.entries(secrets).filter(([name]) =>
    used.some((one) => one.toLowerCase() === name.toLowerCase()),
  )
  return secretNames(
    templates.map(([, template]) => template),
    call.above,
  )
}

/** Every run has a token under this name, and it is no secret of the project's. */
const given = 'GITHUB_TOKEN'

const namesIn = (text: string): readonly string[] => {
  const found = [...text.matchAll(/\bsecrets\s*(?:\.\s*([A-Za-z_][\w-]*)|\[\s*'([^']+)'\s*\])/gi)]
  const names = found.map(([, dotted, bracketed]) => dotted ?? bracketed ?? '')
  return [...new Set(names)].filter((name) => name.toUpperCase() !== given).toSorted()
}
