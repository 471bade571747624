/** Cron expressions, by croner, which is loaded with the first one: a command that ends by itself reads none. */
import { createRequire } from 'node:module'
import type * as Croner from 'croner'
import type { Cron } from '../../ports/cron.ts'

const requireHere = createRequire(import.meta.url)

/** Five fields, UTC; `@daily` and its like as well. */
export const systemCron = (): Cron => ({
  next: (expression, after) => {
    const { Cron: Expression }: typeof Croner = requireHere('croner')
    try {
      const cron = new Expression(expression, { timezone: 'UTC', mode: '5-part', paused: true })
      return cron.nextRun(new Date(after))?.getTime() ?? null
    } catch {
      return null
    }
  },
})
