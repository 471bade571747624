import { drillOutcomes, incidentStatuses } from '../../http/client/list-filters.ts'
import type { OptionWord, Word } from '../words.ts'
import { begun, choice, paging } from './lists.ts'

const message: OptionWord = { flags: '-m, --message <why>', text: 'why, for the ledger' }
const reason: OptionWord = {
  flags: '--reason <reason>',
  text: 'what kind of reason: critical_bug, performance, security, data_corruption, outage or failed_deployment',
}

/** Holds on releases. */
export const holdWords: readonly Word[] = [
  {
    path: 'releases hold',
    args: '<release>',
    text: 'let nothing ship a release by itself; a rollback does this too',
    options: [reason, message],
    examples: ['releases hold 1.4.0 --reason security -m "CVE in a dependency"'],
    load: () => import('../commands/releases-hold.ts'),
  },
  {
    path: 'releases unhold',
    args: '<release>',
    text: 'take the hold off a release',
    options: [message],
    examples: ['releases unhold 1.4.0 -m "it was the database"'],
    load: () => import('../commands/releases-unhold.ts'),
  },
]

/** Drills and incidents. */
export const returnWords: readonly Word[] = [
  {
    path: 'drill rollback',
    args: '[environment]',
    text: 'roll back and return for real, prove both by what the data plane shows, and record the times',
    options: [
      { flags: '--confirm <environment>', text: 'its name once more, where it is the last one or production' },
      { flags: '--dwell <span>', text: 'how long the release before serves until the return (5s)' },
      message,
    ],
    examples: ['drill rollback staging', 'drill rollback production --confirm production --dwell 30s'],
    load: () => import('../commands/drill.ts').then(({ rollback }) => ({ command: rollback })),
  },
  {
    path: 'drill ls',
    args: '',
    text: 'rollback drills, newest first, with the times they took',
    options: [choice('outcome', drillOutcomes, 'those that ended so'), ...begun, ...paging],
    examples: ['drill ls', 'drill ls --env production --outcome failed'],
    load: () => import('../commands/drill.ts').then(({ list }) => ({ command: list })),
  },
  {
    path: 'incidents ls',
    args: '',
    text: 'incidents, newest first',
    options: [choice('status', incidentStatuses, 'those that are'), ...begun, ...paging],
    examples: ['incidents ls', 'incidents ls --status open --env production'],
    load: () => import('../commands/incidents.ts').then(({ list }) => ({ command: list })),
  },
  {
    path: 'incidents show',
    args: '<incident>',
    text: 'one incident',
    options: [],
    examples: ['incidents show inc_01h2xcejqtf2nbrexx3vqjhp41'],
    load: () => import('../commands/incidents.ts').then(({ show }) => ({ command: show })),
  },
  {
    path: 'incidents open',
    args: '[environment]',
    text: 'open an incident; an emergency rollback does this by itself',
    options: [reason, message],
    examples: ['incidents open production --reason outage -m "nothing answers"'],
    load: () => import('../commands/incidents.ts').then(({ open }) => ({ command: open })),
  },
  {
    path: 'incidents resolve',
    args: '<incident>',
    text: 'resolve an incident',
    options: [message],
    examples: ['incidents resolve inc_01h2xcejqtf2nbrexx3vqjhp41 -m "rolled back, fix in 1.4.1"'],
    load: () => import('../commands/incidents.ts').then(({ resolve }) => ({ command: resolve })),
  },
]
