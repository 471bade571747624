/** What waits for a yes, in the terminal. */
import { isoTime } from '../../core/iso-time.ts'
import type { PendingView } from '../../http/client/governance-views.ts'
import { spanOf } from '../../http/client/words.ts'
import type { Style } from './style.ts'
import { agoOf } from './times.ts'

/** Commits shown of one item. */
const commitsShown = 5

/** One item of the inbox as lines. */
export const pendingLines = (item: PendingView, now: number, style: Style): readonly string[] => {
  const { id, environment, from, release, requestedBy, since, changes, evidence } = item
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(10))} ${text}`
  const asks = requestedBy === null ? 'nobody asked yet' : `${requestedBy.name} asks`
  return [
    `${style.mark('paused')} ${style.bold(id)}  ${environment}: ${from?.version ?? 'nothing'} ${style.arrow} ${release.version}   ${style.dim(`${asks}, since ${agoOf(since, now)}`)}`,
    row('missing', `${item.missing === '' ? 'nothing' : item.missing}${givenText(item)}`),
    ...item.void.map(({ by, why }) => row('void', `${by.name}: ${why}`)),
    ...(item.asked.notBy.length === 0
      ? []
      : [row('not by', item.asked.notBy.map(({ who, why }) => `${who} (${why})`).join(', '))]),
    ...(item.expiresAt === null ? [] : [row('expires', isoTime(item.expiresAt))]),
    ...item.rejections.map(({ by, at, reason }) => row('rejected', `by ${by.name} ${agoOf(at, now)}: ${reason}`)),
    ...commitLines(changes.commits, row),
    ...(changes.migrations.length === 0
      ? []
      : [row('migrations', changes.migrations.map((one) => `${one.name} (${one.class})`).join(', '))]),
    ...(changes.config.length === 0 ? [] : [row('config', changes.config.join(', '))]),
    ...(changes.secrets.length === 0 ? [] : [row('secrets', changes.secrets.join(', '))]),
    ...(changes.flags.length === 0
      ? []
      : [row('flags', changes.flags.map(({ name, change }) => `${name} (${change})`).join(', '))]),
    row('evidence', evidenceText(evidence, style)),
    ...item.policies.map((one) =>
      row('policy', `${style.mark(one.met ? 'done' : 'failed')} ${one.policy}: ${one.detail}`),
    ),
    ...item.refusals.map(({ detail }) => row('also', detail)),
    row('if not', item.ifRejected),
    style.dim(`  next  sluice approve ${id} -m "why"   or   sluice reject ${id} -m "why"`),
  ]
}

const givenText = ({ given }: PendingView): string =>
  given.length === 0 ? '' : `; given by ${given.map(({ by }) => by.name).join(', ')}`

const commitLines = (
  commits: PendingView['changes']['commits'],
  row: (name: string, text: string) => string,
): readonly string[] => {
  if (commits === null) return [row('commits', 'not known here')]
  const more = commits.length - commitsShown
  return [
    ...commits
      .slice(0, commitsShown)
      .map(({ id, subject, author }) => row('commit', `${id.slice(0, 12)} ${subject}, ${author}`)),
    ...(more > 0 ? [row('commits', `and ${more} more`)] : []),
  ]
}

const evidenceText = ({ run, gates, soakedMs }: PendingView['evidence'], style: Style): string => {
  const passed = gates.map(({ gate, status }) => `${style.mark(status === 'pass' ? 'done' : 'warn')} ${gate}`)
  const soaked = soakedMs === null ? [] : [`served before for ${spanOf(soakedMs)}`]
  return [...passed, ...soaked, `sluice runs show ${run}`].join('  ')
}
