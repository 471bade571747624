import { limits } from '../../core/limits.ts'
import type { Notice } from '../../core/notify/types.ts'

/** What somebody would type next, the most urgent first; none where nothing is to be done. A name that a shell could take for more than a word makes none. */
export const commandsFor = (notice: Notice): readonly string[] =>
  commandsOf(notice)
    .filter((words) => words.every(isWord))
    .map((words) => `sluice ${words.map(quoted).join(' ')}`)

const commandsOf = ({
  kind,
  subject: { id, kind: about },
  environment,
  release,
}: Notice): readonly (readonly string[])[] => {
  const short = release?.id.slice(0, limits.shortIdLength) ?? null
  const back = environment === null ? [] : [['rollback', environment, ...why]]
  // Who approves, approves a rollout that waits, or a release ahead of time.
  const asked = about === 'rollout' || short === null || environment === null ? [id] : [short, '--env', environment]
  switch (kind) {
    case 'run.failed':
      return [['runs', 'show', id]]
    case 'release.held':
      return short === null
        ? []
        : [
            ['releases', 'show', short],
            ['releases', 'unhold', short, ...why],
          ]
    case 'rollout.waiting':
      return [['rollout', 'watch', id]]
    case 'rollout.paused':
      return [
        ['why', id],
        ['rollout', 'resume', id, ...why],
        ['rollout', 'abort', id, ...why],
      ]
    case 'rollout.rolled_back':
      return [['why', id]]
    case 'rollout.failed':
      return [['why', id], ...back]
    case 'approval.requested':
      return [
        ['approve', ...asked, ...why],
        ['reject', ...asked, ...why],
      ]
    case 'incident.opened':
      return [...back, ['incidents', 'show', id], ['incidents', 'resolve', id, ...why]]
    case 'environment.locked':
      return environment === null ? [] : [['env', 'unlock', environment]]
    case 'line.stopped':
      return [['resume', ...why]]
    case 'glass.broken':
      return about === 'rollout'
        ? [
            ['changes', 'show', id],
            ['changes', 'review', id, ...why],
          ]
        : []
    case 'drill.failed':
      return [['drill', 'ls']]
    case 'train.failed':
      return [
        ['train', 'show', id],
        ['train', 'retry', id],
      ]
    case 'run.started':
    case 'run.succeeded':
    case 'run.canceled':
    case 'rollout.started':
    case 'rollout.resumed':
    case 'rollout.step':
    case 'rollout.promoted':
    case 'approval.given':
    case 'approval.rejected':
    case 'incident.resolved':
    case 'environment.unlocked':
    case 'line.resumed':
    case 'channel.failing':
    case 'test':
      return []
  }
}

const reason = 'why'
const why = ['-m', reason] as const

const isWord = (word: string): boolean => /^[\w./-]{1,100}$/.test(word)

const quoted = (word: string): string => (word === reason ? `"${word}"` : word)
