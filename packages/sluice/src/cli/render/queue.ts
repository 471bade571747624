/** The queue of an environment in the terminal. */
import { isoTime } from '../../core/iso-time.ts'
import type { QueueEntryView, QueueView } from '../../http/client/environment-views.ts'
import { hotfixText } from '../../http/client/words.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'
import { agoOf } from './times.ts'

/** The screen of `sluice env queue`. */
export const queueLines = (view: QueueView, now: number, style: Style): readonly string[] => {
  const { environment, holder, queue } = view
  const held =
    holder === null
      ? `${environment} is free`
      : `${environment} is held by ${holder.rollout}: ${holder.by.name} brings ${holder.release.version} in, since ${isoTime(holder.since)} (${agoOf(holder.since, now)})`
  if (queue.length === 0) return [held, 'nothing waits']
  const rows = queue.map((entry, index) => [
    String(index + 1),
    entry.hotfix === null ? entry.release.version : `${entry.release.version} (${hotfixText(entry.hotfix)})`,
    entry.by.name,
    agoOf(entry.at, now),
    waitText(entry),
    style.dim(entry.id),
  ])
  return [held, ...tableLines(['', 'release', 'by', 'since', 'waits for', 'entry'], rows, style)]
}

/** Why an entry waits, in one line. */
export const waitText = ({ waits }: QueueEntryView): string =>
  waits === null
    ? 'its turn'
    : `${waits.detail}${waits.lookAt === null ? '' : ` (asked again by ${isoTime(waits.lookAt)} at the latest)`}`
