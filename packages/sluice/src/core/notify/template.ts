/** Words of a notice that a team writes itself: text with placeholders in braces, a closed list of them. Nothing else is interpreted, and nothing reads secrets. */
import { isoTime } from '../iso-time.ts'
import { limits } from '../limits.ts'
import type { NoticeTemplate } from './rules.ts'
import type { Notice } from './types.ts'

/** What may stand in braces. */
export const placeholders = [
  'title',
  'service',
  'environment',
  'release',
  'stable',
  'commit',
  'actor',
  'reason',
  'severity',
  'kind',
  'time',
  'url',
] as const

type Placeholder = (typeof placeholders)[number]

/** The placeholders in a text that are none, in their order. */
export const unknownPlaceholders = (text: string): readonly string[] =>
  [...text.matchAll(placeholder)].flatMap(([, name = '']) => (isPlaceholder(name) ? [] : [name]))

/** The notice in the words of a template; as it is without one. */
export const applyTemplate = (notice: Notice, template: NoticeTemplate | null): Notice => {
  if (template === null) return notice
  const title = template.title === null ? notice.title : filled(template.title, notice)
  const text = template.text === null ? '' : filled(template.text, notice)
  return {
    ...notice,
    title: cut(title === '' ? notice.title : title, limits.noticeTitleCharactersMax),
    ...(text === '' ? {} : { text: cut(text, limits.noticeTextCharactersMax) }),
  }
}

const placeholder = /\{([A-Za-z_]*)\}/g

const isPlaceholder = (name: string): name is Placeholder => placeholders.some((known) => known === name)

const filled = (template: string, notice: Notice): string =>
  template
    .split('\n')
    .flatMap((line) => {
      const names = [...line.matchAll(placeholder)].flatMap(([, name = '']) => (isPlaceholder(name) ? [name] : []))
      if (names.length > 0 && names.every((name) => valueOf(name, notice) === '')) return []
      return [
        line.replaceAll(placeholder, (whole, name: string) => (isPlaceholder(name) ? valueOf(name, notice) : whole)),
      ]
    })
    .join('\n')

const valueOf = (name: Placeholder, notice: Notice): string => {
  const { title, service, environment, release, stable, commit, actor, reason, severity, kind, at, url } = notice
  const values: Readonly<Record<Placeholder, string | null>> = {
    title,
    service,
    environment,
    release: release?.version ?? release?.id ?? null,
    stable: stable?.version ?? stable?.id ?? null,
    commit: commit === null ? null : commit.id.slice(0, 7),
    actor: actor.name,
    reason,
    severity,
    kind,
    time: isoTime(at),
    url,
  }
  return values[name] ?? ''
}

const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1)}…`)
