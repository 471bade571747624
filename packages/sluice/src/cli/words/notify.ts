import type { OptionWord, Word } from '../words.ts'

const message: OptionWord = { flags: '-m, --message <why>', text: 'why, for the ledger' }
const id = 'msg_3fa9c2d17b04e155_1204'
const commands = () => import('../commands/notify.ts')

/** Who is told what. */
export const notifyWords: readonly Word[] = [
  {
    path: 'notify test',
    args: '[channel]',
    text: 'send a test to a channel now, or to all of them, and say what came back',
    options: [],
    examples: ['notify test', 'notify test ops'],
    load: () => commands().then(({ test }) => ({ command: test })),
  },
  {
    path: 'notify channels',
    args: '',
    text: 'the channels of the config: what waits, what was delivered last, what failed',
    options: [],
    examples: ['notify channels'],
    load: () => commands().then(({ channels }) => ({ command: channels })),
  },
  {
    path: 'notify ls',
    args: '',
    text: 'messages, newest first',
    options: [
      { flags: '--status <status>', text: 'pending, delivered, dead, superseded or discarded' },
      { flags: '--channel <name>', text: 'those of one channel' },
      { flags: '--limit <count>', text: 'how many (20)' },
      { flags: '--cursor <cursor>', text: 'go on where a page ended' },
    ],
    examples: ['notify ls', 'notify ls --status dead', 'notify ls --channel ops --json'],
    load: () => commands().then(({ list }) => ({ command: list })),
  },
  {
    path: 'notify show',
    args: '<message>',
    text: 'one message: what it says, why its channel is told, each attempt',
    options: [],
    examples: [`notify show ${id}`],
    load: () => commands().then(({ show }) => ({ command: show })),
  },
  {
    path: 'notify why',
    args: '<subject>',
    text: 'why somebody was told of a run, a rollout or another thing, or was not',
    options: [],
    examples: ['notify why rol_01h2xcejqtf2nbrexx3vqjhp41', 'notify why production'],
    load: () => commands().then(({ why }) => ({ command: why })),
  },
  {
    path: 'notify retry',
    args: '[message]',
    text: 'try a message again that was set aside, or all of them',
    options: [
      { flags: '--all', text: 'all that were set aside, at most 1,000 at once' },
      { flags: '--channel <name>', text: 'with --all: those of one channel' },
      message,
    ],
    examples: [`notify retry ${id}`, 'notify retry --all', 'notify retry --all --channel ops -m "the token is new"'],
    load: () => commands().then(({ retry }) => ({ command: retry })),
  },
  {
    path: 'notify discard',
    args: '<message>',
    text: 'give a message up',
    options: [message],
    examples: [`notify discard ${id} -m "everybody knows by now"`],
    load: () => commands().then(({ discard }) => ({ command: discard })),
  },
]
