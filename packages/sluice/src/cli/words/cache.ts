import type { Word } from '../words.ts'

/** What is kept from run to run. */
export const cacheWords: readonly Word[] = [
  {
    path: 'cache explain',
    args: '<job>',
    text: 'why a job was, or was not, found in the cache: what changed since the nearest earlier result',
    options: [{ flags: '--run <run>', text: 'in this run (else the latest one that has the job)' }],
    examples: ['cache explain build', 'cache explain build --run run_01h2xcejqtf2nbrexx3vqjhp41'],
    load: () => import('../commands/cache-explain.ts'),
  },
  {
    path: 'cache ls',
    args: '',
    text: 'results of jobs and folders that are kept here, newest first',
    options: [],
    examples: ['cache ls'],
    load: () => import('../commands/cache-ls.ts'),
  },
  {
    path: 'cache clean',
    args: '',
    text: 'forget all of them',
    options: [],
    examples: ['cache clean'],
    load: () => import('../commands/cache-clean.ts'),
  },
]
