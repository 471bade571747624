/** Rules of the config about notifications that hold between keys. */
import { kindsMatching, namedKinds } from '../notify/route.ts'
import { placeholders, unknownPlaceholders } from '../notify/template.ts'
import type { ConfigIssue } from './issues.ts'
import { type Distance, nearest } from './nearest.ts'
import type { Settings } from './settings.ts'

/** A route that leads nowhere, or that nothing can match, would be silent when somebody counts on it. */
export const notifyIssues = (settings: Settings, distance: Distance): readonly ConfigIssue[] => {
  const { notify, environments } = settings
  if (notify === undefined) return []
  const known = notify.channels.map(({ name }) => name)
  const places = Object.keys(environments)
  const unknown = (what: string, name: string, among: readonly string[]): Omit<ConfigIssue, 'path'> => {
    const near = nearest(name, among, distance)
    const fix = near === null ? `Known: ${among.join(', ') || 'none'}.` : `Did you mean "${near}"?`
    return { message: `there is no ${what} "${name}"`, fix }
  }
  return [
    ...notify.routes.flatMap(({ channels, environments: named, kinds }, index) => {
      const path = ['notify', 'routes', index]
      return [
        ...channels.flatMap((name, at) =>
          known.includes(name) ? [] : [{ path: [...path, 'channels', at], ...unknown('channel', name, known) }],
        ),
        ...(named ?? []).flatMap((name, at) =>
          places.includes(name)
            ? []
            : [{ path: [...path, 'environments', at], ...unknown('environment', name, places) }],
        ),
        ...(kinds ?? []).flatMap((glob, at) =>
          kindsMatching(glob).length > 0
            ? []
            : [{ path: [...path, 'kinds', at], ...unknown('kind of notice', glob, globs) }],
        ),
      ]
    }),
    ...Object.entries(notify.templates).flatMap(([kind, template]) => {
      const path = ['notify', 'templates', kind]
      if (!namedKinds.some((known) => known === kind)) return [{ path, ...unknown('kind of notice', kind, namedKinds) }]
      return (['title', 'text'] as const).flatMap((part) =>
        unknownPlaceholders(template?.[part] ?? '').map((name) => ({
          path: [...path, part],
          ...unknown(
            'placeholder',
            `{${name}}`,
            placeholders.map((one) => `{${one}}`),
          ),
        })),
      )
    }),
  ]
}

/** What a glob was probably meant to be: a kind, or all of a subject. */
const globs: readonly string[] = [
  ...new Set(namedKinds.map((kind) => `${kind.split('.', 1)[0] ?? ''}.*`)),
  ...namedKinds,
]
