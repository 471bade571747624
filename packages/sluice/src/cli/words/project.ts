import type { Word } from '../words.ts'

/** From nothing to a release. */
export const projectWords: readonly Word[] = [
  {
    path: 'demo',
    args: '',
    text: 'see it all in a minute: a real pipeline, live traffic, a bad release caught, the fix shipped',
    options: [{ flags: '--keep', text: 'leave everything running and say where' }],
    examples: ['demo', 'demo --json'],
    load: () => import('../commands/demo.ts').then(({ demo }) => ({ command: demo })),
  },
  {
    path: 'init',
    args: '',
    text: 'look at this project and write a sluice.config.ts that fits; asks nothing',
    options: [{ flags: '--force', text: 'write over a sluice.config.ts that is there' }],
    examples: ['init'],
    load: () => import('../commands/init.ts'),
  },
  {
    path: 'validate',
    args: '',
    text: 'check sluice.config.ts',
    options: [],
    examples: ['validate'],
    load: () => import('../commands/validate.ts'),
  },
  {
    path: 'plan',
    args: '[environment]',
    text: 'what a deploy would do: the steps, the way back, who stands in the way; changes nothing',
    options: [
      { flags: '--release <release>', text: 'an id, its beginning, a version, or latest' },
      { flags: '--promote', text: 'plan a promotion' },
      { flags: '--rollback', text: 'plan a rollback' },
    ],
    examples: ['plan', 'plan production --promote'],
    load: () => import('../commands/plan.ts'),
  },
  {
    path: 'run',
    args: '[ref]',
    text: 'run the pipeline of a commit (HEAD) here and now, and cut a release; needs no server',
    options: [
      { flags: '--job <name...>', text: 'only these jobs and what they need; cuts no release' },
      { flags: '--here', text: 'the working tree as it is, uncommitted files too; cuts no release' },
      { flags: '-w, --watch', text: 'the working tree, again whenever a file of it changes' },
      { flags: '--event <event>', text: 'run as for a push, tag, pull_request, schedule or manual (manual)' },
      { flags: '-m, --message <why>', text: 'why, for the ledger' },
      { flags: '--no-wait', text: 'do not wait (starts a control plane if none runs)' },
      { flags: '--timeout <span>', text: 'wait at most this long (90s, 15m)' },
    ],
    examples: ['run', 'run v1.4.0', 'run --job test', 'run --here', 'run --watch --job test'],
    load: () => import('../commands/run.ts'),
  },
]
