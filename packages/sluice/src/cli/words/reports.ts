import type { OptionWord, Word } from '../words.ts'

const period: readonly OptionWord[] = [
  { flags: '--from <moment>', text: 'from then on: 2026-11-01, 2026-11-01T08:00Z, or 30d for so long ago (90d)' },
  { flags: '--to <moment>', text: 'before then (now)' },
]

/** What is made of the record of deliveries. */
export const reportWords: readonly Word[] = [
  {
    path: 'dora',
    args: '',
    text: 'the five DORA metrics of an environment, with the rollouts behind each number',
    options: [...period, { flags: '--list', text: 'every delivery, too' }],
    examples: ['dora', 'dora --env production --from 2026-10-01 --to 2026-11-01 --list'],
    load: () => import('../commands/dora.ts'),
  },
  {
    path: 'report compliance',
    args: '',
    text: 'who wrote, approved and delivered what in a period, and where a rule was passed by',
    options: [...period, { flags: '--md', text: 'as Markdown, for a file' }],
    examples: ['report compliance --from 90d', 'report compliance --env production --from 2026-10-01 --md > q4.md'],
    load: () => import('../commands/report-compliance.ts'),
  },
]
