/** Rows of the API's table. Environments: what serves, deploys and ways back, locks, freezes, maintenance, the queue. */
import { z } from 'zod'
import type { ErrorCode } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { hotfix, overrides, rollbackInput } from '../schemas/rollback.ts'
import { at, because, command, read, reason, release, withReason } from './parts.ts'
import type { Rows } from './spec.ts'

const deployChoice = z.strictObject({
  release: release.nullish(),
  whenBusy: z.enum(['queue', 'refuse', 'replace']).nullish().meta({
    description:
      'What to do while another rollout is under way: wait for its turn, give up, or take its place; as the config says (`whenBusy`) when absent.',
  }),
  reason,
  overrides,
  hotfix,
})

const admission: readonly ErrorCode[] = [
  'not_found',
  'config_invalid',
  'admission_refused',
  'command_conflict',
  'store_full',
]

const span = z.number().int().min(1).max(limits.durationMsMax)

/** Environments: what serves, deploys and ways back, locks, freezes, maintenance, the queue. */
export const environmentsRows: Rows<'environments'> = {
  'environments.list': {
    ...read,
    needs: 'view',
    summary: 'Every environment: what serves, what is under way, and what is observed.',
    cli: 'status',
    response: 'Environments',
    errors: [],
  },
  'environments.show': {
    ...read,
    needs: 'view',
    summary: 'One environment.',
    cli: 'env show',
    response: 'Environment',
  },
  'environments.plan': {
    ...read,
    needs: 'plan',
    summary: 'What a deploy would do, the way back, and whether it would be admitted now. Changes nothing.',
    cli: 'plan',
    query: z.strictObject({
      release: release.optional(),
      purpose: z.enum(['deploy', 'promote', 'rollback']).optional(),
      traffic: z
        .union([z.literal('observed'), z.coerce.number<number>().nonnegative().max(100_000_000)])
        .optional()
        .meta({ description: 'Requests per second to reckon with; `observed`: those of the next second.' }),
      replace: z.enum(['true', 'false']).optional().meta({
        description: 'Whether it takes the place of a rollout that is under way; as the config says when absent.',
      }),
    }),
    response: 'Plan',
    errors: ['not_found', 'config_invalid'],
  },
  'environments.deploy': {
    ...read,
    needs: 'deploy',
    summary: 'Starts a rollout of a release (the latest, when none is named). Answers once it is durable.',
    cli: 'deploy',
    body: deployChoice,
    response: 'Started',
    errors: admission,
  },
  'environments.promote': {
    ...read,
    needs: 'deploy',
    summary: 'Starts a rollout of the release that serves the environment before this one.',
    cli: 'promote',
    body: deployChoice,
    response: 'Started',
    errors: admission,
  },
  'environments.rollback': {
    ...read,
    needs: 'rollback',
    summary:
      'Turns a live rollout around, or brings back the release that served before, and holds the one that is left. Freezes and locks do not stop it.',
    cli: 'rollback',
    body: rollbackInput,
    response: 'Started',
    errors: admission,
  },
  'environments.approve': {
    ...read,
    needs: 'approve',
    summary: "A person's yes to one exact release, ahead of its rollout.",
    cli: 'approve',
    body: z.strictObject({ release, reason }),
    response: 'Done',
    errors: [...command, 'self_approval'],
  },
  'environments.reject': {
    ...read,
    needs: 'approve',
    summary:
      "A person's no to one exact release: it does not get in until that person says yes. What waits in the queue leaves it.",
    cli: 'reject',
    body: z.strictObject({ release, reason: because }),
    response: 'Done',
    errors: command,
  },
  'environments.breakGlass': {
    ...read,
    needs: 'override',
    summary:
      'Starts a rollout past locks, freezes, windows, approvals, policies, order and a stopped line. The record is red until somebody else has looked at it.',
    cli: 'deploy',
    body: z.strictObject({
      reason: because,
      release: release.nullish(),
      purpose: z.enum(['deploy', 'promote']).optional().meta({ description: '`deploy` when absent.' }),
      hotfix,
    }),
    response: 'Started',
    errors: admission,
  },
  'environments.reviewGlass': {
    ...read,
    needs: 'approve',
    summary: 'Says that a broken glass was looked at; whoever broke it cannot.',
    cli: 'changes review',
    body: z.strictObject({ reason: because }),
    response: 'Environment',
    errors: [...command, 'self_approval'],
  },
  'environments.lock': {
    ...read,
    needs: 'lock',
    summary: 'Locks an environment against everything but rollbacks.',
    cli: 'env lock',
    body: z.strictObject({ reason: because, until: at.nullish() }),
    response: 'Environment',
    errors: command,
  },
  'environments.unlock': {
    ...read,
    needs: 'lock',
    summary: 'Takes the lock off.',
    cli: 'env unlock',
    body: withReason,
    response: 'Environment',
    errors: command,
  },
  'environments.freeze': {
    ...read,
    needs: 'lock',
    summary: 'Freezes an environment for a time. Rollbacks pass.',
    cli: 'env freeze',
    body: z.strictObject({ reason: because, from: at.nullish(), until: at }),
    response: 'Environment',
    errors: command,
  },
  'environments.unfreeze': {
    ...read,
    needs: 'lock',
    summary: 'Ends every freeze that a person set.',
    cli: 'env unfreeze',
    body: withReason,
    response: 'Environment',
    errors: command,
  },
  'environments.maintain': {
    ...read,
    needs: 'maintain',
    summary:
      'Answers everybody with a page (503), or, with `holdMs`, has requests wait; health requests and the configured bypass pass. Answers once it is durable.',
    cli: 'env maintenance',
    body: z.strictObject({
      reason: because,
      html: z
        .string()
        .min(1)
        .max(limits.maintenancePageCharactersMax)
        .nullish()
        .meta({ description: 'The page; a plain one when absent.' }),
      retryAfterMs: span
        .optional()
        .meta({ description: 'When clients are told to ask again, ms; a minute when absent.' }),
      holdMs: span.optional().meta({ description: 'Instead of a page: how long requests wait at most, ms.' }),
    }),
    response: 'Environment',
    errors: command,
  },
  'environments.endMaintenance': {
    ...read,
    needs: 'maintain',
    summary: 'Ends maintenance.',
    cli: 'env maintenance',
    body: withReason,
    response: 'Environment',
    errors: command,
  },
  'environments.verify': {
    ...read,
    needs: 'maintain',
    summary:
      'Makes the checks of an environment through its address, now, and records what they said. Answers once they are over.',
    cli: 'verify',
    body: withReason,
    response: 'Verification',
    errors: ['not_found', 'config_invalid', 'command_conflict', 'outcome_unknown', 'store_full'],
  },
  'environments.queue': {
    ...read,
    needs: 'view',
    summary: 'Who holds an environment, and which releases wait for their turn, in order, with the reason.',
    cli: 'env queue',
    response: 'Queue',
  },
  'environments.dequeue': {
    ...read,
    needs: 'lock',
    summary: 'Takes a release out of the queue.',
    cli: 'env dequeue',
    body: z.strictObject({ reason }),
    response: 'Queue',
    errors: ['not_found', 'command_conflict', 'store_full'],
  },
}
