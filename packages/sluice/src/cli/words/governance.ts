import { rolloutStatuses } from '../../http/client/list-filters.ts'
import type { OptionWord, Word } from '../words.ts'
import { begun, choice, paging } from './lists.ts'

const message: OptionWord = { flags: '-m, --message <why>', text: 'why, for the ledger' }
const markdown: OptionWord = { flags: '--markdown', text: 'as Markdown, to keep elsewhere' }

/** Who says yes and no, the line, and what is on record. */
export const governanceWords: readonly Word[] = [
  {
    path: 'approvals ls',
    args: '',
    text: 'what waits for a yes: what it changes, what speaks for it, who may not say it',
    options: [],
    examples: ['approvals ls', 'approvals ls --json'],
    load: () => import('../commands/approvals-ls.ts'),
  },
  {
    path: 'approve',
    args: '<id>',
    text: 'say yes: to what `approvals ls` names, or ahead of time to a release in an environment (--env)',
    options: [message],
    examples: ['approve rol_01h2xcejqtf2nbrexx3vqjhp41', 'approve 1.4.0 --env production -m "tested by hand"'],
    load: () => import('../commands/approve.ts'),
  },
  {
    path: 'reject',
    args: '<id>',
    text: 'say no, with a reason: a rollout that waits turns back, a release does not get in',
    options: [message],
    examples: [
      'reject rol_01h2xcejqtf2nbrexx3vqjhp41 -m "prices are wrong"',
      'reject 1.4.0 --env production -m "not this week"',
    ],
    load: () => import('../commands/approve.ts').then(({ reject }) => ({ command: reject })),
  },
  {
    path: 'stop-the-line',
    args: '',
    text: 'let nothing go forward anywhere until `resume`; rollbacks pass, what is under way is paused',
    options: [
      message,
      { flags: '--underway <what>', text: 'what becomes of live rollouts: pause (default), abort or finish' },
    ],
    examples: ['stop-the-line -m "payments are failing"', 'stop-the-line --underway abort -m "data is being lost"'],
    load: () => import('../commands/line.ts').then(({ stop }) => ({ command: stop })),
  },
  {
    path: 'resume',
    args: '',
    text: 'let things go forward again; what was paused stays so until `rollout resume`',
    options: [message],
    examples: ['resume -m "it was the bank"'],
    load: () => import('../commands/line.ts').then(({ resume }) => ({ command: resume })),
  },
  {
    path: 'changes ls',
    args: '[environment]',
    text: 'change records of an environment (the last one), newest first; red where a broken glass was not reviewed',
    options: [
      choice('status', rolloutStatuses, 'those whose rollout stands there'),
      { flags: '--service <name>', text: 'those of that service' },
      ...begun,
      ...paging,
    ],
    examples: ['changes ls', 'changes ls staging --from 90d'],
    load: () => import('../commands/changes.ts').then(({ list }) => ({ command: list })),
  },
  {
    path: 'changes show',
    args: '<change>',
    text: 'one change record: risk, approvals, validation, the way back, what became of it',
    options: [markdown],
    examples: ['changes show chg_01h2xcejqtf2nbrexx3vqjhp41', 'changes show rol_01h2xcejqtf2nbrexx3vqjhp41 --markdown'],
    load: () => import('../commands/changes.ts').then(({ show }) => ({ command: show })),
  },
  {
    path: 'changes review',
    args: '<change>',
    text: 'say that a broken glass was looked at; whoever broke it cannot',
    options: [message],
    examples: ['changes review chg_01h2xcejqtf2nbrexx3vqjhp41 -m "it was right; alert added"'],
    load: () => import('../commands/changes.ts').then(({ review }) => ({ command: review })),
  },
]
