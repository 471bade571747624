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
      {
        flags: '--affected <base>',
        text: 'only jobs that changes since this commit or branch concern; cuts no release',
      },
      { flags: '--no-cache', text: 'run every job, and keep nothing for the next run' },
      { flags: '--why', text: 'say of every job why it was, or was not, found in the cache' },
      {
        flags: '--workflow <file>',
        text: 'a GitHub Actions workflow of the commit instead; needs no sluice.config.ts',
      },
      { flags: '--gitlab <file>', text: 'a GitLab pipeline of the commit instead; needs no sluice.config.ts' },
      { flags: '--event <name>', text: 'what starts it there: push, pull_request, merge_request_event …' },
      { flags: '--event-file <file>', text: 'JSON that stands in github.event' },
      { flags: '--input <pair...>', text: 'NAME=VALUE: an input of the workflow or pipeline' },
      { flags: '--var <pair...>', text: 'NAME=VALUE: a variable of the repository, or of the GitLab pipeline' },
      { flags: '--runner <pair...>', text: 'LABEL=here or LABEL=skip: jobs for runners that this machine is not' },
      { flags: '--containers <where>', text: 'here: steps of jobs in a container run on this machine' },
      { flags: '--actions <dir>', text: 'copies of actions, as owner/name or owner/name@ref' },
      { flags: '--skip-action <name...>', text: 'leave out the steps that use these actions' },
      { flags: '-m, --message <why>', text: 'why, for the ledger' },
      { flags: '--no-wait', text: 'do not wait (starts a control plane if none runs)' },
      { flags: '--timeout <span>', text: 'wait at most this long (90s, 15m)' },
    ],
    examples: [
      'run',
      'run v1.4.0',
      'run --job test',
      'run --affected main',
      'run --workflow .github/workflows/ci.yml --event push',
    ],
    load: () => import('../commands/run.ts'),
  },
]
