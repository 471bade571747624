/** What the config says about notifications: read again when it is old, and only when somebody asks, so that a control plane that tells nobody anything reads nothing. */
import type { Settings } from '../../core/config/settings.ts'
import { limits } from '../../core/limits.ts'
import { withReports } from '../../core/notify/reports.ts'
import type { Clock } from '../../ports/clock.ts'
import type { NotifyRead, NotifyRules } from '../../ports/notifier.ts'

/** Rules out of the config that `load` gives. What cannot be read is asked for again as soon as what can be read would be. */
export const notifyRules = ({
  clock,
  load,
}: {
  readonly clock: Clock
  readonly load: () => Promise<Settings>
}): NotifyRules => {
  let last: NotifyRead | null = null
  let readAt = -Infinity
  let reading: Promise<NotifyRead> | null = null
  const read = async (): Promise<NotifyRead> => {
    try {
      const { access, notify, service, source } = await load()
      const settings = withReports(notify ?? null, { source: source ?? null, publicUrl: access?.url ?? null })
      last = { status: 'read', settings, service }
    } catch (error) {
      last = { status: 'unreadable', detail: error instanceof Error ? error.message : String(error) }
    }
    readAt = clock.now()
    reading = null
    return last
  }
  return {
    read: (freshness) => {
      const isOld = freshness === 'now' || Math.abs(clock.now() - readAt) >= limits.notifyConfigMs
      if (last !== null && !isOld) return Promise.resolve(last)
      return (reading ??= read())
    },
  }
}
