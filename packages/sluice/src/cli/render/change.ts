/** A change record in the terminal. */
import { changeFacts } from '../../http/client/change-text.ts'
import type { ChangeDetailView } from '../../http/client/governance-views.ts'
import type { Style } from './style.ts'

/** A record as lines. */
export const changeLines = (change: ChangeDetailView, style: Style): readonly string[] => [
  `${style.mark(change.red ? 'failed' : change.status === 'succeeded' ? 'done' : 'current')} ${style.bold(change.id)}  ${style.dim(change.rollout)}${change.red ? '  red: a broken glass that nobody has reviewed' : ''}`,
  ...changeFacts(change).flatMap(([name, texts]) =>
    texts.map((text, index) => `  ${style.dim((index === 0 ? name : '').padEnd(13))} ${text}`),
  ),
  ...(change.red ? [style.dim(`  next  sluice changes review ${change.id} -m "what was found"`)] : []),
]
