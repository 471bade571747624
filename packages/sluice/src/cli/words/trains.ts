import { trainStatuses } from '../../http/client/list-filters.ts'
import type { OptionWord, Word } from '../words.ts'
import { begun, choice, paging } from './lists.ts'

const message: OptionWord = { flags: '-m, --message <why>', text: 'why, for the ledger' }
const id = 'tra_01h2xcejqtf2nbrexx3vqjhp41'

const commandWord = (name: 'abort' | 'retry', text: string): Word => ({
  path: `train ${name}`,
  args: '<train>',
  text,
  options: [message],
  examples: [`train ${name} ${id}`],
  load: () => import('../commands/train-command.ts').then(({ commandFor }) => ({ command: commandFor(name) })),
})

/** Several services that go together. */
export const trainWords: readonly Word[] = [
  {
    path: 'train start',
    args: '<members...>',
    text: 'take releases of several services to their environments, together: all arrive, or all come back',
    options: [
      { flags: '--parallel', text: 'all at once, instead of one after the other' },
      { flags: '--despite-hold', text: 'although releases of it are held' },
      { flags: '--force-across-contract', text: 'although a contract migration took away what a release may need' },
      message,
      { flags: '--no-wait', text: 'return once it is on its way' },
    ],
    examples: ['train start api/production web/production@1.4.0', 'train start train.json --parallel'],
    load: () => import('../commands/train-start.ts'),
  },
  {
    path: 'train ls',
    args: '',
    text: 'release trains, newest first',
    options: [choice('status', trainStatuses, 'those that stand there'), ...begun, ...paging],
    examples: ['train ls', 'train ls --status parked'],
    load: () => import('../commands/train-ls.ts'),
  },
  {
    path: 'train show',
    args: '<train>',
    text: 'each release of a train, and where it stands',
    options: [],
    examples: [`train show ${id}`],
    load: () => import('../commands/train-show.ts'),
  },
  commandWord('abort', 'turn the whole train around: what moves is stopped, what arrived is taken back'),
  commandWord('retry', 'try again what could not be taken back'),
]
