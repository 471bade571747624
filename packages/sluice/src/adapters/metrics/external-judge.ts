/**
 * An external judge over HTTP, in the form of Spinnaker's deployment monitors (spinnaker/orca, orca-deploymentmonitor: EvaluateHealthRequest and
 * EvaluateHealthResponse; read 2026-11), so that one which is there can be asked as it is.
 */
import { z } from 'zod'
import { SluiceError } from '../../core/errors.ts'
import type { Directive } from '../../core/judge/outside/types.ts'
import { limits } from '../../core/limits.ts'
import type { ExternalJudge, ExternalQuestion } from '../../ports/metrics.ts'
import { askJson, type JsonRequest, placeOf } from './http.ts'

/** A judge at whatever address each question names. */
export const httpJudge = (): ExternalJudge => ({
  evaluate: async (question, signal) => {
    const request = evaluation(question)
    const { status, body } = await askJson(request, signal)
    if (status < 200 || status > 299) throw failed(request.url, `it answers with status ${status}`)
    const parsed = answerSchema.safeParse(body)
    if (!parsed.success)
      throw failed(request.url, 'its answer has no nextStep.directive of abort, complete, continue or wait')
    const { nextStep, statusReasons } = parsed.data
    return { directive: nextStep.directive, reason: reasonOf([...statusReasons, ...nextStep.statusReasons]) }
  },
})

/** The request as data. */
const evaluation = (question: ExternalQuestion): JsonRequest => {
  const { judge, authorization, service, environment, rollout, step, candidate, stable, shareBp } = question
  return {
    url: judge.url,
    method: 'POST',
    body: JSON.stringify({
      application: service,
      account: environment,
      region: environment,
      cloudProvider: 'sluice',
      executionId: rollout,
      deploymentId: rollout,
      stageId: `${rollout}/${step}`,
      oldServerGroup: stable,
      newServerGroup: candidate,
      newInstances: [],
      currentProgress: shareBp / 100,
      parameters: judge.parameters,
    }),
    contentType: 'application/json',
    authorization,
    timeoutMs: judge.timeoutMs,
    code: 'external_judge_failed',
  }
}

const directives = ['abort', 'complete', 'continue', 'wait'] as const satisfies readonly Directive[]

const reasonsSchema = z
  .array(z.object({ message: z.string().optional() }))
  .nullish()
  .transform((reasons) => reasons ?? [])

const answerSchema = z.object({
  nextStep: z.object({ directive: z.enum(directives), statusReasons: reasonsSchema }),
  statusReasons: reasonsSchema,
})

const reasonOf = (reasons: readonly { readonly message?: string | undefined }[]): string => {
  const text = reasons.flatMap(({ message }) => message ?? []).join('; ')
  return text === '' ? 'no reason given' : text.slice(0, limits.reasonCharactersMax)
}

const failed = (url: string, what: string): SluiceError =>
  new SluiceError('external_judge_failed', { detail: `${placeOf(url)}: ${what}` })
