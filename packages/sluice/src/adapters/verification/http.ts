import { excerpt, unmetBy } from '../../core/verification/expect.ts'
import { dependenciesIn, unmetByDependencies } from '../../core/verification/dependencies.ts'
import { readJson } from '../../core/verification/expect.ts'
import type { DependenciesCheck, HttpAnswer, HttpCheck } from '../../core/verification/types.ts'
import type { Asking } from './ask.ts'
import { ask } from './ask.ts'
import type { Seen } from './look.ts'
import { matchInTime } from './match.ts'

/** One request, held against what was expected of its answer. */
export const lookHttp = async ({ request, expect }: HttpCheck, asking: Asking): Promise<Seen> => {
  const answer = await ask(request, asking)
  const detail = `${request.method} ${request.path}: ${statusLine(answer)}`
  return { unmet: unmetBy(answer, expect, matchInTime), detail, evidence: evidenceOf(detail, answer) }
}

/** The dependencies that a readiness answer lists. */
export const lookDependencies = async (check: DependenciesCheck, asking: Asking): Promise<Seen> => {
  const answer = await ask(check.request, asking)
  const found = dependenciesIn(readJson(answer.body ?? '')?.value, check.list)
  const detail = found.map(({ name, status }) => `${name} ${status}`).join(', ')
  const evidence = evidenceOf(`GET ${check.request.path}: ${statusLine(answer)}`, answer)
  return { unmet: unmetByDependencies(answer, check), detail, evidence }
}

const statusLine = ({ status, durationMs }: HttpAnswer): string => `${status} in ${Math.round(durationMs)} ms`

const evidenceOf = (line: string, { body }: HttpAnswer): readonly string[] =>
  body === null || body === '' ? [line] : [line, excerpt(body)]
