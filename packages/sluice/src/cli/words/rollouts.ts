import { rolloutStatuses } from '../../http/client/list-filters.ts'
import type { OptionWord, Word } from '../words.ts'
import { begun, choice, paging } from './lists.ts'

const release: OptionWord = { flags: '--release <release>', text: 'an id, its beginning, a version, or latest' }
const message: OptionWord = { flags: '-m, --message <why>', text: 'why, for the ledger' }
const replace: OptionWord = {
  flags: '--replace',
  text: 'take the place of a rollout that is under way; the stable release stays the way back',
}
const waiting: readonly OptionWord[] = [
  { flags: '--wait', text: 'wait until it is over (default)' },
  { flags: '--no-wait', text: 'return once it is on its way' },
  { flags: '--timeout <span>', text: 'wait at most this long (90s, 15m); it goes on' },
]

const queueing: OptionWord = {
  flags: '--queue',
  text: 'wait for its turn while another rollout is live, or a gate is not open yet',
}

const commandWord = (name: string, text: string): Word => ({
  path: `rollout ${name}`,
  args: '[rollout]',
  text,
  options: [message],
  examples: [`rollout ${name}`, `rollout ${name} rol_01h2xcejqtf2nbrexx3vqjhp41`],
  load: () => import('../commands/rollout-command.ts').then(({ commandFor }) => ({ command: commandFor(name) })),
})

const despiteHold: OptionWord = { flags: '--despite-hold', text: 'although the release is held' }
const acrossContract: OptionWord = {
  flags: '--force-across-contract',
  text: 'although a contract migration took away what the release may need',
}

const breakGlass: OptionWord = {
  flags: '--break-glass <why>',
  text: 'past locks, freezes, windows, approvals and policies; on record in red until somebody else has reviewed it',
}

const hotfix: readonly OptionWord[] = [
  {
    flags: '--hotfix',
    text: 'say that it was not planned and mends what users suffer from; on record and in the DORA metrics',
  },
  {
    flags: '--remediates <rollouts>',
    text: 'the same, and which rollouts of this environment it makes good, parted by commas',
  },
]

/** Moving releases through environments. */
export const rolloutWords: readonly Word[] = [
  {
    path: 'deploy',
    args: '[environment]',
    text: 'make a release (the latest) serve an environment; starts the control plane if none runs',
    options: [release, message, queueing, replace, despiteHold, acrossContract, breakGlass, ...hotfix, ...waiting],
    examples: [
      'deploy staging',
      'deploy staging --release 1.4.0 --no-wait',
      'deploy production --replace',
      'deploy production --remediates rol_01h2xcejqtf2nbrexx3vqjhp41',
    ],
    load: () => import('../commands/deploy.ts'),
  },
  {
    path: 'promote',
    args: '[environment]',
    text: 'make the release that the environment before verified serve this one',
    options: [release, message, queueing, replace, despiteHold, breakGlass, ...hotfix, ...waiting],
    examples: ['promote production', 'promote production --queue --no-wait'],
    load: () => import('../commands/promote.ts'),
  },
  {
    path: 'rollback',
    args: '[environment]',
    text: 'turn a live rollout around, or bring back what served before (again: a step further back), and hold what is left; no freeze or lock stops it',
    options: [
      { flags: '--to <release>', text: 'to this release, which served here before, instead of the last one' },
      {
        flags: '--reason <reason>',
        text: 'what kind of reason: critical_bug, performance, security, data_corruption, outage or failed_deployment',
      },
      { flags: '--emergency', text: 'to any release there is; opens an incident, and people are told at once' },
      acrossContract,
      message,
      ...waiting,
    ],
    examples: [
      'rollback production --reason performance -m "checkout is slow"',
      'rollback production --to 1.3.2',
      'rollback production --emergency --reason outage -m "nothing answers"',
    ],
    load: () => import('../commands/rollback.ts'),
  },
  {
    path: 'rollout ls',
    args: '',
    text: 'rollouts, newest first',
    options: [
      choice('status', rolloutStatuses, 'those that stand there'),
      { flags: '--service <name>', text: 'those of that service' },
      ...begun,
      ...paging,
    ],
    examples: ['rollout ls --env production', 'rollout ls --env production --status rolled_back --from 30d'],
    load: () => import('../commands/rollout-ls.ts'),
  },
  {
    path: 'rollout watch',
    args: '[rollout]',
    text: 'follow a rollout (the live one) until it is over',
    options: [{ flags: '--timeout <span>', text: 'watch at most this long' }],
    examples: ['rollout watch', 'rollout watch --env production'],
    load: () => import('../commands/rollout-watch.ts'),
  },
  commandWord('pause', 'hold where it is; judge and tripwires stay awake'),
  commandWord('resume', 'go on after a pause'),
  commandWord('abort', 'turn back now'),
  commandWord('skip', 'pass over the current wait'),
  commandWord('retry', 'try at once what waits to be tried again, or was set aside'),
  commandWord('promote', 'pass over every wait that is left'),
]
