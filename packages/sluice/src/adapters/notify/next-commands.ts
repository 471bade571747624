import { limits } from '../../core/limits.ts'
import type { Notice, NoticeKind } from '../../core/notify/types.ts'

/** What somebody would type next, the most urgent first; none where nothing is to be done. A name that a shell could take for more than a word makes none. */
export const commandsFor = (notice: Notice): readonly string[] =>
  (table[notice.kind]?.(partsOf(notice)) ?? [])
    .filter((words) => words.every(isWord))
    .map((words) => `sluice ${words.join(' ')}`)

/** What commands are made of. */
type Parts = {
  readonly id: string
  readonly about: Notice['subject']['kind']
  readonly environment: string | null
  /** The beginning of the release's id. */
  readonly release: string | null
}

type Commands = readonly (readonly string[])[]

const partsOf = ({ subject, environment, release }: Notice): Parts => ({
  id: subject.id,
  about: subject.kind,
  environment,
  release: release?.id.slice(0, limits.shortIdLength) ?? null,
})

/** What whoever types it fills in. */
const why = ['-m', '"why"'] as const

const isWord = (word: string): boolean => word === why[1] || /^[\w./-]{1,100}$/.test(word)

const rollback = ({ environment }: Parts): Commands => (environment === null ? [] : [['rollback', environment, ...why]])

/** A rollout that waits is approved itself, a release ahead of time. */
const asked = ({ id, about, environment, release }: Parts): readonly string[] =>
  about === 'rollout' || release === null ? [id] : [release, ...(environment === null ? [] : ['--env', environment])]

const table: Readonly<Partial<Record<NoticeKind, (parts: Parts) => Commands>>> = {
  'run.failed': ({ id }) => [['runs', 'show', id]],
  'release.held': ({ release }) =>
    release === null
      ? []
      : [
          ['releases', 'show', release],
          ['releases', 'unhold', release, ...why],
        ],
  'rollout.waiting': ({ id }) => [['explain', id]],
  'rollout.paused': ({ id }) => [
    ['why', id],
    ['rollout', 'resume', id, ...why],
    ['rollout', 'abort', id, ...why],
  ],
  'rollout.rolled_back': ({ id }) => [['why', id]],
  'rollout.failed': (parts) => [['why', parts.id], ...rollback(parts)],
  'approval.requested': (parts) => [
    ['approve', ...asked(parts), ...why],
    ['reject', ...asked(parts), ...why],
  ],
  'incident.opened': (parts) => [
    ...(parts.environment === null ? [] : [['rollback', parts.environment, '--emergency', ...why]]),
    ['incidents', 'show', parts.id],
    ['incidents', 'resolve', parts.id, ...why],
  ],
  'environment.locked': ({ environment }) => (environment === null ? [] : [['env', 'unlock', environment]]),
  'line.stopped': () => [['resume', ...why]],
  'glass.broken': ({ environment }) => (environment === null ? [] : [['changes', 'ls', environment]]),
  'drill.failed': () => [['drill', 'ls']],
  'train.failed': ({ id }) => [
    ['train', 'show', id],
    ['train', 'retry', id],
  ],
}
