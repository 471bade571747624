/** Rows of the API's table. Approvals, the line, and changes. */
import { z } from 'zod'
import { rolloutStatuses } from '../client/list-filters.ts'
import { because, begun, named, page, read, filteredText, withReason } from './parts.ts'
import type { Rows } from './spec.ts'

/** The inbox. */
export const approvalsRows: Rows<'approvals'> = {
  'approvals.list': {
    ...read,
    needs: 'view',
    summary:
      "What waits for somebody's yes: with what it changes (names only), what speaks for it, who may not say yes, and what a no does. The longest waiting first.",
    cli: 'approvals ls',
    response: 'Approvals',
    errors: [],
  },
}

/** The line. */
export const lineRows: Rows<'line'> = {
  'line.show': {
    ...read,
    needs: 'view',
    summary: 'Whether anything may go forward, or who stopped the line.',
    cli: 'status',
    response: 'Line',
    errors: [],
  },
  'line.stop': {
    ...read,
    needs: 'pause',
    summary:
      'Stops the line: no rollout goes forward anywhere until somebody lets it; ways back pass. Rollouts under way are paused, turned back, or left to finish.',
    cli: 'stop-the-line',
    body: z.strictObject({
      reason: because,
      underway: z
        .enum(['pause', 'abort', 'finish'])
        .optional()
        .meta({ description: 'What becomes of rollouts that are under way; `pause` when absent.' }),
    }),
    response: 'Line',
    errors: ['command_conflict', 'store_full'],
  },
  'line.resume': {
    ...read,
    needs: 'deploy',
    summary: 'Lets things go forward again. What was paused stays so until it is resumed.',
    cli: 'resume',
    body: withReason,
    response: 'Line',
    errors: ['command_conflict', 'store_full'],
  },
}

/** Changes. */
export const changesRows: Rows<'changes'> = {
  'changes.list': {
    ...read,
    needs: 'view',
    summary: `Change records of an environment (the last one, where none is named), newest first. ${filteredText}`,
    cli: 'changes ls',
    query: page.extend({
      service: named('Those of that service.'),
      environment: named('Those of that environment.'),
      status: z.enum(rolloutStatuses).optional().meta({ description: 'Those that stand there.' }),
      ...begun,
    }),
    response: 'Changes',
    errors: [],
  },
  'changes.show': {
    ...read,
    needs: 'view',
    summary: 'One change record: risk, approvals, validation, the way back, and what became of it.',
    cli: 'changes show',
    response: 'Change',
  },
}
