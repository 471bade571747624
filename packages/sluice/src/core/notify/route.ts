/** Which channels are told of a notice, and why. */
import { isAtLeast } from './severity.ts'
import type { NotifyRoute, NotifySettings } from './rules.ts'
import type { Channel, Notice, NoticeKind } from './types.ts'
import { noticeKinds } from './types.ts'

/** Whether a channel is told, and in words why or why not. */
export type Routed = { readonly channel: string; readonly isTold: boolean; readonly because: string }

/**
 * Every channel, and whether it is told. All routes that match count. A channel that no route names is told what its kind is told by default, so that a new one is never silent by accident. A
 * channel is not told of itself that it fails.
 */
export const routed = ({ channels, routes }: NotifySettings, notice: Notice): readonly Routed[] =>
  channels.map((channel) => {
    const { name } = channel
    const said = (isTold: boolean, because: string): Routed => ({ channel: name, isTold, because })
    if (notice.kind === 'channel.failing' && notice.subject.id === name)
      return said(false, 'it is the channel that fails')
    const own = routes.map((route, index) => ({ route, index })).filter(({ route }) => route.channels.includes(name))
    if (own.length === 0) {
      const { isTold, because } = byDefault(channel, notice)
      return said(isTold, `no route names it: by default ${because}`)
    }
    const misses = own.map(({ route, index }) => ({ index, miss: missOf(route, notice) }))
    const match = misses.find(({ miss }) => miss === null)
    if (match !== undefined) return said(true, `route ${match.index + 1} matches`)
    return said(false, misses.map(({ index, miss }) => `route ${index + 1}: ${miss ?? ''}`).join('; '))
  })

/** Whether the last word on a subject is all that a channel shows: what it does not have yet of earlier ones need not be sent. */
export const updatesInPlace = ({ kind }: Channel): boolean => kind === 'slack' || kind === 'discord'

/** The kinds of notices that a config can name. */
export const namedKinds: readonly NoticeKind[] = noticeKinds.filter((kind) => kind !== 'test')

/** The kinds that a glob means: `*` stands for any characters. */
export const kindsMatching = (glob: string): readonly NoticeKind[] => noticeKinds.filter((kind) => matches(glob, kind))

const matches = (glob: string, kind: string): boolean => {
  // Split and walked, not made into a regular expression: a config can hold any text.
  const parts = glob.split('*')
  const [first = '', ...rest] = parts
  if (rest.length === 0) return glob === kind
  if (!kind.startsWith(first)) return false
  let at = first.length
  for (const [index, part] of rest.entries()) {
    if (index === rest.length - 1) return kind.length - part.length >= at && kind.endsWith(part)
    const found = kind.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return true
}

/** What of a route does not fit a notice; null when all of it does. */
const missOf = ({ kinds, environments, services, severity }: NotifyRoute, notice: Notice): string | null => {
  if (kinds !== null && !kinds.some((glob) => matches(glob, notice.kind)))
    return `${notice.kind} is none of ${kinds.join(', ')}`
  if (environments !== null && (notice.environment === null || !environments.includes(notice.environment)))
    return `${notice.environment ?? 'no environment'} is none of ${environments.join(', ')}`
  if (services !== null && !services.includes(notice.service))
    return `${notice.service} is none of ${services.join(', ')}`
  if (severity !== null && !isAtLeast(notice.severity, severity)) return `${notice.severity} is less than ${severity}`
  return null
}

type Default = { readonly isTold: boolean; readonly because: string }

/** What each kind of channel is told where no route says so. */
const byDefault = (channel: Channel, notice: Notice): Default => {
  switch (channel.kind) {
    case 'webhook':
    case 'cdevents':
    case 'github':
    case 'gitlab':
      return { isTold: true, because: 'a program is told everything' }
    case 'slack':
      return isMilestone(notice) || notice.kind === 'rollout.step'
        ? { isTold: true, because: 'it is told of rollouts' }
        : forPeople(notice)
    case 'slackWebhook':
    case 'teams':
    case 'discord':
      return isMilestone(notice) ? { isTold: true, because: 'it is told of rollouts' } : forPeople(notice)
    case 'email':
      return forPeople(notice)
    case 'pagerduty': {
      const isChange = notice.isProduction && isMilestone(notice) && notice.outcome !== 'going_on'
      if (isChange || isAtLeast(notice.severity, 'high'))
        return { isTold: true, because: 'it is told of what is high, and of changes of production' }
      // Whoever was paged for an incident is told that it is over.
      if (notice.kind === 'incident.resolved') return { isTold: true, because: 'it is told that an incident is over' }
      return { isTold: false, because: `it is told from high on, and this is ${notice.severity}` }
    }
  }
}

const isMilestone = ({ kind }: Notice): boolean =>
  kind === 'rollout.started' || kind === 'rollout.promoted' || kind === 'rollout.rolled_back'

const forPeople = ({ severity }: Notice): Default =>
  isAtLeast(severity, 'medium')
    ? { isTold: true, because: 'it is told from medium on' }
    : { isTold: false, because: `it is told from medium on, and this is ${severity}` }
