import type { Word } from '../words.ts'

const message = { flags: '-m, --message <why>', text: 'why, for the ledger' }

/** Environments and their doors. */
export const environmentWords: readonly Word[] = [
  {
    path: 'env ls',
    args: '',
    text: 'environments, in the order in which releases pass them',
    options: [],
    examples: ['env ls'],
    load: () => import('../commands/env-ls.ts'),
  },
  {
    path: 'env show',
    args: '[environment]',
    text: 'one environment: traffic, instances, history',
    options: [],
    examples: ['env show production'],
    load: () => import('../commands/env-show.ts'),
  },
  {
    path: 'verify',
    args: '[environment]',
    text: 'make the checks of an environment through its address, now; 3 when one does not pass',
    options: [{ flags: '--timeout <span>', text: 'wait at most this long (10m)' }, message],
    examples: ['verify production', 'verify staging --json'],
    load: () => import('../commands/verify.ts'),
  },
  {
    path: 'env lock',
    args: '[environment]',
    text: 'let nothing in but rollbacks',
    options: [message, { flags: '--for <span>', text: 'unlock by itself after this long (2h)' }],
    examples: ['env lock production -m "incident 42" --for 2h'],
    load: () => import('../commands/env-lock.ts'),
  },
  {
    path: 'env unlock',
    args: '[environment]',
    text: 'take the lock off',
    options: [message],
    examples: ['env unlock production'],
    load: () => import('../commands/env-unlock.ts'),
  },
  {
    path: 'env freeze',
    args: '[environment]',
    text: 'let nothing in for a time but rollbacks',
    options: [
      message,
      { flags: '--for <span>', text: 'how long (2h, 3d)' },
      { flags: '--until <time>', text: 'until this time (2026-12-27T08:00Z)' },
      { flags: '--from <time>', text: 'from this time (now)' },
    ],
    examples: ['env freeze production --for 3d -m "holidays"'],
    load: () => import('../commands/env-freeze.ts'),
  },
  {
    path: 'env unfreeze',
    args: '[environment]',
    text: 'end every freeze that a person set',
    options: [message],
    examples: ['env unfreeze production'],
    load: () => import('../commands/env-unfreeze.ts'),
  },
  {
    path: 'env maintenance',
    args: '<on|off> [environment]',
    text: 'answer everybody with a page, or have requests wait for a moment',
    options: [
      message,
      { flags: '--page <file>', text: 'the HTML page (a plain one)' },
      { flags: '--retry-after <span>', text: 'when clients are told to ask again (1m)' },
      { flags: '--hold <span>', text: 'no page: have requests wait this long at most, 60s' },
    ],
    examples: [
      'env maintenance on production -m "new disks" --page maintenance.html',
      'env maintenance off production',
    ],
    load: () => import('../commands/env-maintenance.ts'),
  },
  {
    path: 'env queue',
    args: '[environment]',
    text: 'who holds an environment, and which releases wait for their turn',
    options: [],
    examples: ['env queue production'],
    load: () => import('../commands/env-queue.ts'),
  },
  {
    path: 'env dequeue',
    args: '[environment]',
    text: 'take a release out of the queue (the only one, when none is named)',
    options: [{ flags: '--entry <entry>', text: 'which, as env queue names it' }, message],
    examples: ['env dequeue production --entry rol_01h2xcejqtf2nbrexx3vqjhp41'],
    load: () => import('../commands/env-dequeue.ts'),
  },
]
