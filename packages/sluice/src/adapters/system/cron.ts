/** Cron expressions, by croner. */
import { Cron as Croner } from 'croner'
import type { Cron } from '../../ports/cron.ts'

/** Five fields, UTC; `@daily` and its like as well. */
export const systemCron = (): Cron => ({
  next: (expression, after) => {
    try {
      const cron = new Croner(expression, { timezone: 'UTC', mode: '5-part', paused: true })
      return cron.nextRun(new Date(after))?.getTime() ?? null
    } catch {
      return null
    }
  },
})
