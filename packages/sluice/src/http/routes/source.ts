/** Rows of the API's table. Where commits come from, and what tells of them. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import { command, page, read, reason, withReason } from './parts.ts'
import type { Rows } from './spec.ts'

/** Read by its handler, byte for byte, once it is known whose it is. */
const raw = z.unknown()

/** Who sends a webhook has no token here; it shows whose it is by a signature, which the handler checks before anything is read. */
const hook = {
  ...read,
  needs: 'open',
  body: raw,
  response: 'HookTaken',
  errors: ['hook_refused', 'usage_invalid', 'overloaded', 'store_full', 'server_unreachable'],
  withoutKey: 'a webhook is known by its delivery, and taken once',
} as const

const objectName = z.string().max(64).nullish()

/** Where commits come from, and what tells of them. */
export const sourceRows: Rows<'source' | 'arrivals' | 'hooks'> = {
  'source.show': {
    ...read,
    needs: 'view',
    summary:
      'Where commits come from: the remote, each way by which they arrive, the last that did and the last that failed.',
    cli: 'source ls',
    response: 'Source',
    errors: [],
  },
  'arrivals.list': {
    ...read,
    needs: 'view',
    summary: 'What told of commits, those that changed last first.',
    cli: 'source ls',
    query: page,
    response: 'Arrivals',
    errors: [],
  },
  'arrivals.show': {
    ...read,
    needs: 'view',
    summary: 'One arrival: what was told, what was fetched, the runs that it started, or why there are none.',
    cli: 'source show',
    response: 'Arrival',
  },
  'arrivals.receive': {
    ...read,
    needs: 'run',
    summary:
      'Tells of a push to the repository that the config names. Answers once it is durable; the same `id` is taken once.',
    cli: 'source received',
    body: z.strictObject({
      id: z
        .string()
        .regex(/^[\x21-\x7e]{1,200}$/)
        .meta({ description: 'Names the push.' }),
      refs: z
        .array(z.strictObject({ ref: z.string().max(limits.refCharactersMax), before: objectName, after: objectName }))
        .min(1)
        .max(limits.refsOfPushMax),
      pusher: z.string().max(200).nullish(),
      reason,
    }),
    response: 'HookTaken',
    errors: ['store_full'],
  },
  'arrivals.redeliver': {
    ...read,
    needs: 'run',
    summary: 'Fetches what an arrival told of once more, and starts what that starts.',
    cli: 'source redeliver',
    body: withReason,
    response: 'Arrival',
    errors: command,
  },
  'hooks.github': { ...hook, summary: 'A webhook of GitHub, signed (`X-Hub-Signature-256`).' },
  'hooks.gitlab': {
    ...hook,
    summary: 'A webhook of GitLab, signed (`webhook-signature`) or with its token (`X-Gitlab-Token`).',
  },
  'hooks.push': { ...hook, summary: 'A push that anybody else tells of, signed as Standard Webhooks has it.' },
}
