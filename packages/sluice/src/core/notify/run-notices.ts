/** What is told of a run. */
import type { RunCause, RunState } from '../pipeline/types.ts'
import { type Draft, fact, type MomentOf, plainDraft } from './draft.ts'

/** The notice of a row of a run. */
export const runDraft = ({ row, before, after }: MomentOf<'run'>): Draft | null => {
  if (after.status === 'absent' || before.status === after.status) return null
  const told = toldOf(after, before.status === 'absent')
  if (told === null) return null
  const { id, plan, release } = after
  return {
    ...plainDraft,
    subject: { kind: 'run', id },
    service: plan.service,
    commit: plan.commit,
    release: release?.id ?? null,
    actor: before.status === 'absent' ? after.by : row.actor,
    reason: row.reason,
    path: `/runs/${id}`,
    facts: () => [
      ...fact('commit', `${shortOf(plan.commit.id)} ${plan.commit.subject}`),
      ...fact('author', plan.commit.author),
    ],
    ...told,
  }
}

type Told = Pick<Draft, 'kind' | 'outcome' | 'title'>

const toldOf = (run: Exclude<RunState, { status: 'absent' }>, isNew: boolean): Told | null => {
  const { service, commit } = run.plan
  const what = `${service} ${shortOf(commit.id)}`
  if (isNew)
    return { kind: 'run.started', outcome: 'going_on', title: () => `a run of ${what} started: ${commit.subject}` }
  switch (run.status) {
    case 'succeeded':
      return {
        kind: 'run.succeeded',
        outcome: 'succeeded',
        title: (say) => `${what} passed${run.release === null ? '' : `, and is release ${say(run.release.id)}`}`,
      }
    case 'failed':
      return {
        kind: 'run.failed',
        outcome: 'failed',
        title: () => `${runCauseText(run.cause)}: the run of ${what} failed`,
      }
    case 'cancelled':
      return {
        kind: 'run.canceled',
        outcome: 'canceled',
        title: () => `${runCauseText(run.cause)}: the run of ${what} was called off`,
      }
    default:
      return null
  }
}

const shortOf = (commit: string): string => commit.slice(0, 7)

const runCauseText = (cause: RunCause): string => {
  switch (cause.kind) {
    case 'job_failed':
      return `job ${cause.job}: ${cause.failure.detail}`
    case 'gate_failed': {
      const bad = cause.verdicts.filter(({ status }) => status === 'fail' || status === 'broken')
      return `not passed: ${bad.map(({ gate }) => gate).join(', ')}`
    }
    case 'cut_failed':
      return `cutting the release: ${cause.failure.detail}`
    case 'slot_lost':
      return `job ${cause.job} gave way: ${cause.detail}`
    case 'command':
      return `${cause.by.name}${cause.reason === null ? '' : `: ${cause.reason}`}`
    case 'parked':
      return cause.detail
  }
}
