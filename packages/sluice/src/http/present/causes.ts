/** Causes in words. */
import { publicCode } from '../../core/errors.ts'
import { unreachable } from '../../core/machine.ts'
import type { RunCause } from '../../core/pipeline/types.ts'
import type { Cause, Failure, VerdictRecord } from '../../core/rollout/types.ts'
import type { CauseView } from '../client/views.ts'
import { badOf, evidenceOf, percentOf, spanOf } from '../client/words.ts'

/** The counts of both arms and the evidence, as a sentence; of the metric that decides. `limitLogE` is the natural log of the limit. */
export const verdictText = (verdict: VerdictRecord, limitLogE: number): string => {
  if (verdict.outside !== undefined) return verdict.outside
  const found = verdict.metrics?.find(({ metric }) => metric === verdict.metric)
  const { candidate, stable } = found ?? verdict
  const what = found === undefined || found.metric === 'errors' ? '' : `${found.metric}: `
  return `${what}candidate ${badOf(candidate)} at ${percentOf(verdict.shareBp)} of the traffic, stable ${badOf(stable)}; evidence E = ${evidenceOf(verdict.logE)} (limit ${evidenceOf(limitLogE)})`
}
/** What went wrong with an effect or a job. */
export const failureView = (failure: Failure): CauseView => ({
  kind: failure.code,
  text: failure.detail,
  code: publicCode(failure.code),
  evidence: failure.evidence,
})

const plain = (kind: string, text: string): CauseView => ({ kind, text, code: null, evidence: [] })

const asked = (command: string, by: string, reason: string | null): string =>
  `${by} asked for ${command}${reason === null ? '' : `: ${reason}`}`

/** Why a rollout turned back, paused or was set aside. */
export const causeView = (cause: Cause, limitLogE: number): CauseView => {
  switch (cause.kind) {
    case 'command':
      return plain(cause.command, asked(cause.command, cause.by.name, cause.reason))
    case 'tripped':
      return plain('tripped', `the gateway's tripwire cut it: ${verdictText(cause.verdict, limitLogE)}`)
    case 'judged':
      return plain('judged', `the judge stopped it: ${verdictText(cause.verdict, limitLogE)}`)
    case 'broken':
      return plain('broken', `the judge cannot see: ${cause.detail}`)
    case 'unhealthy':
      return plain('unhealthy', `unhealthy: ${cause.instances.join(', ')}: ${cause.detail}`)
    case 'step_failed':
      return { ...failureView(cause.failure), text: `${cause.step}: ${cause.failure.detail}` }
    case 'deadline':
      return plain('deadline', `no progress for ${spanOf(cause.afterMs)} at ${cause.step}`)
    case 'parked':
      return { ...plain('parked', cause.detail), code: publicCode('work_parked') }
    case 'window':
      return plain('window', cause.detail)
    default:
      return unreachable(cause)
  }
}

/** A job that deploys is often called as its environment, which is what its failure begins with. */
const ofJob = (job: string, detail: string): string => (detail.startsWith(`${job} `) ? detail : `job ${job}: ${detail}`)

/** Why a run did not succeed. */
export const runCauseView = (cause: RunCause): CauseView => {
  switch (cause.kind) {
    case 'job_failed':
      return { ...failureView(cause.failure), text: ofJob(cause.job, cause.failure.detail) }
    case 'gate_failed': {
      const bad = cause.verdicts.filter(({ status }) => status === 'fail' || status === 'broken')
      const names = bad.map(({ gate }) => gate).join(', ')
      const evidence = bad.map(({ gate, sentence }) => `${gate}: ${sentence}`)
      return { kind: 'gate_failed', text: `not passed: ${names}`, code: publicCode('run_failed'), evidence }
    }
    case 'cut_failed':
      return { ...failureView(cause.failure), text: `cutting the release: ${cause.failure.detail}` }
    case 'slot_lost':
      return plain('slot_lost', `job ${cause.job} gave way: ${cause.detail}`)
    case 'command':
      return plain('cancelled', asked(cause.command, cause.by.name, cause.reason))
    case 'parked':
      return { ...plain('parked', cause.detail), code: publicCode('work_parked') }
    default:
      return unreachable(cause)
  }
}
