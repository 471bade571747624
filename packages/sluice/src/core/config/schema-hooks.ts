import { z } from 'zod'
import { gateLimits } from '../limits/gates.ts'
import type { Hook } from '../strategy.ts'
import { key, name, positiveDuration, text } from './fields.ts'

const moments = [
  'before start',
  'after start',
  'before traffic',
  'after traffic',
  'before promotion',
  'after promotion',
  'revert',
] as const

const hook = z
  .strictObject(
    {
      name: key(name(), { description: 'Name of the hook.', examples: ['smoke'] }),
      at: key(z.enum(moments, `expected one of ${moments.join(', ')}`), {
        description:
          'When it is asked: before or after instances start, before or after each share of the traffic, before or after the switch to 100 %, or at the end of a way back.',
        examples: ['before promotion', 'revert'],
      }),
      url: key(z.url({ protocol: /^https?$/, error: 'expected an address: https://…' }).optional(), {
        description: 'Address that is sent the question with POST, as JSON.',
        examples: ['https://ci.example.com/hooks/smoke'],
      }),
      command: key(text('a command').optional(), {
        description:
          'Shell command that is asked, run in the directory of the project; 0 says yes, 75 says not finished.',
        examples: ['scripts/smoke.sh'],
      }),
      timeout: key(positiveDuration().prefault('5m'), {
        description: 'How long it may take until it says yes or no, however often it is asked.',
        examples: ['15m'],
      }),
      onTimeout: key(
        z.enum(['rollback', 'continue', 'pause'], 'expected rollback, continue or pause').default('rollback'),
        { description: 'What no answer within the time means.', examples: ['pause'] },
      ),
    },
    { error: "expected a hook: { name: 'smoke', at: 'before promotion', url: 'https://…' }" },
  )
  .refine(({ url, command }) => (url === undefined) !== (command === undefined), 'expected either url or command')
  .transform(({ url, command, timeout, ...rest }): Hook => ({
    name: rest.name,
    at: rest.at,
    target: url === undefined ? { kind: 'command', command: command ?? '' } : { kind: 'http', url },
    timeoutMs: timeout,
    onTimeout: rest.onTimeout,
  }))

/** What is asked beside a rollout; names are unique, because answers are known by them. */
export const hooksSchema: z.ZodType<readonly Hook[]> = z
  .array(hook, 'expected a list of hooks')
  .max(gateLimits.hooksMax, `expected at most ${gateLimits.hooksMax} hooks`)
  .refine((hooks) => new Set(hooks.map((one) => one.name)).size === hooks.length, 'expected names that differ')
