/** Rows of the API's table. What is made of the record of deliveries. */
import { z } from 'zod'
import { read } from './parts.ts'
import type { Rows } from './spec.ts'

const moment = z.coerce.number<number>().int()
const period = {
  from: moment.optional().meta({ description: 'epoch ms; 90 days before `to` when left out' }),
  to: moment.optional().meta({ description: 'epoch ms, up to, not including; now when left out' }),
}
const environment = z.string().max(200).optional()

/** What is made of the record of deliveries. */
export const deliveriesRows: Rows<'dora' | 'report'> = {
  'dora.show': {
    ...read,
    needs: 'view',
    summary:
      'The five DORA metrics of an environment (the last of the chain when none is named), with the rollouts behind each number.',
    cli: 'dora',
    query: z.strictObject({ environment, ...period }),
    response: 'Dora',
  },
  'report.compliance': {
    ...read,
    needs: 'view',
    summary: 'Who wrote, approved and delivered what in a period, what looked at it, and where a rule was passed by.',
    cli: 'report compliance',
    query: z.strictObject({ environment, ...period }),
    response: 'Compliance',
  },
}
