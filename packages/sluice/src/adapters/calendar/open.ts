/** The calendar of this machine. What reads recurrence rules is loaded with the first window that anybody has, for most have none. */
import type { Calendar } from '../../ports/calendar.ts'

/** See the file's header. */
export const openCalendar = (): Calendar => ({
  times: async (rule, span) => {
    const { timesOf } = await import('./rrule.ts')
    return timesOf(rule, span)
  },
})
