/** Rows of the API's table. Rollouts, and what people tell them. */
import { z } from 'zod'
import { rolloutStatuses } from '../client/list-filters.ts'
import { because, begun, command, named, page, read, reason, filteredText, withReason } from './parts.ts'
import type { Rows } from './spec.ts'

/** Rollouts, and what people tell them. */
export const rolloutsRows: Rows<'rollouts'> = {
  'rollouts.list': {
    ...read,
    needs: 'view',
    summary: `Rollouts, newest first. ${filteredText}`,
    cli: 'rollout ls',
    query: page.extend({
      service: named('Those of that service.'),
      environment: named('Those of that environment.'),
      status: z.enum(rolloutStatuses).optional().meta({ description: 'Those that stand there.' }),
      ...begun,
    }),
    response: 'Rollouts',
    errors: [],
  },
  'rollouts.show': {
    ...read,
    needs: 'view',
    summary: 'One rollout: its steps, where it stands, and what is observed.',
    cli: 'rollout watch',
    response: 'RolloutDetail',
  },
  'rollouts.why': {
    ...read,
    needs: 'view',
    summary: 'Why a rollout ended as it did: the deciding measurement, the counts, the evidence over time.',
    cli: 'why',
    response: 'Why',
  },
  'rollouts.command': {
    ...read,
    needs: {
      command: {
        pause: 'pause',
        resume: 'deploy',
        abort: 'rollback',
        skip: 'deploy',
        retry: 'deploy',
        promote: 'deploy',
      },
    },
    summary: 'Pauses, resumes, aborts, retries or promotes a rollout, or skips its current wait.',
    cli: 'rollout pause|resume|abort|skip|retry|promote',
    body: z.strictObject({ command: z.enum(['pause', 'resume', 'abort', 'skip', 'retry', 'promote']), reason }),
    response: 'Rollout',
    errors: [...command, 'admission_refused'],
  },
  'rollouts.approve': {
    ...read,
    needs: 'approve',
    summary: "A person's yes to a rollout that waits for one.",
    cli: 'approve',
    body: withReason,
    response: 'Rollout',
    errors: [...command, 'self_approval', 'admission_refused'],
  },
  'rollouts.reject': {
    ...read,
    needs: 'approve',
    summary: "A person's no to a rollout that waits for a yes: it turns back.",
    cli: 'reject',
    body: z.strictObject({ reason: because }),
    response: 'Rollout',
    errors: command,
  },
}
