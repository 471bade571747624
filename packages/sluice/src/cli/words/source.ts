import type { Word } from '../words.ts'

const arrival = 'arr_0123456789abcdef0123456789abcdef'

/** Where commits come from. */
export const sourceWords: readonly Word[] = [
  {
    path: 'source ls',
    args: '',
    text: 'where commits come from, and what arrived, newest first',
    options: [{ flags: '--limit <count>', text: 'how many (20)' }],
    examples: ['source ls'],
    load: () => import('../commands/source-ls.ts'),
  },
  {
    path: 'source show',
    args: '<arrival>',
    text: 'what was told, what was fetched, and the runs that it started, or why there are none',
    options: [],
    examples: [`source show ${arrival}`],
    load: () => import('../commands/source-show.ts'),
  },
  {
    path: 'source redeliver',
    args: '<arrival>',
    text: 'fetch what an arrival told of once more, and start what that starts',
    options: [{ flags: '-m, --message <why>', text: 'why, for the ledger' }],
    examples: [`source redeliver ${arrival}`],
    load: () => import('../commands/source-redeliver.ts'),
  },
  {
    path: 'source init',
    args: '<repository>',
    text: 'make a bare repository whose pushes start runs, or take one that is there',
    options: [],
    examples: ['source init /srv/git/storefront.git'],
    load: () => import('../commands/source-init.ts'),
  },
  {
    path: 'source received',
    args: '',
    text: 'what the hook of such a repository calls: reads what was pushed from stdin, and says what came of it',
    options: [],
    examples: ['source received < refs'],
    load: () => import('../commands/source-received.ts'),
  },
]
