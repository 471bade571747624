/** Environments in the terminal. */
import { isoTime } from '../../core/iso-time.ts'
import type { LineView } from '../../http/client/governance-views.ts'
import type { MaintenanceView } from '../../http/client/routing-views.ts'
import type { EnvironmentsView, EnvironmentView } from '../../http/client/environment-views.ts'
import type { RolloutView } from '../../http/client/views.ts'
import { percentOf, spanOf } from '../../http/client/words.ts'
import { waitText } from './queue.ts'
import { trafficLines } from './rollout.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'
import { trainNotice } from './train.ts'
import { agoOf } from './times.ts'

/** The screen of `sluice status`: one row an environment, and what needs a person below. */
export const statusLines = (
  { service, environments, line, trains = [], now }: EnvironmentsView,
  style: Style,
): readonly string[] => {
  if (environments.length === 0)
    return ['no environments: there is no sluice.config.ts here that names any', style.dim('Next  sluice init')]
  const rows = environments.map((environment) => [
    style.bold(environment.name),
    stateText(environment, style),
    environment.serving?.version ?? style.dim('nothing'),
    environment.serving === null ? '' : agoOf(environment.serving.since, now),
    observedText(environment, style),
    addressText(environment),
  ])
  const head = [service ?? 'service', 'state', 'serves', 'since', 'observed', 'address']
  return [
    ...tableLines(head, rows, style),
    ...(line.status === 'running' ? [] : [lineText(line, style)]),
    ...trains.map((train) => trainNotice(train, style)),
    ...environments.flatMap((one) => noticeLines(one, now, style)),
  ]
}

const lineText = ({ by, at, reason }: LineView, style: Style): string =>
  `${style.mark('failed')} the line is stopped by ${by?.name ?? 'somebody'} since ${isoTime(at ?? 0)}: ${reason ?? ''}; only ways back pass   ${style.dim('sluice resume -m "why"')}`

const stateText = (environment: EnvironmentView, style: Style): string => {
  const { live, serving, observed } = environment
  if (live !== null) return liveText(live, style)
  if (serving === null) return style.dim('empty')
  const arms = observed.traffic?.arms ?? []
  const isServed = arms.some(({ release, shareBp }) => release.id === serving.id && shareBp === 10_000)
  return isServed ? `${style.mark('done')} ok` : `${style.mark('warn')} not observed`
}

const liveText = (live: RolloutView, style: Style): string => {
  const target = `${live.from?.version ?? 'nothing'} ${style.arrow} ${live.to.version}`
  if (live.status === 'parked') return `${style.mark('warn')} parked ${target}`
  if (live.status === 'reverting') return `${style.mark('back')} reverting ${live.to.version}`
  if (live.paused !== null) return `${style.mark('paused')} paused ${target}`
  return `${style.mark('current')} ${target}`
}

const observedText = ({ observed }: EnvironmentView, style: Style): string => {
  const { traffic, instances } = observed
  const running = instances?.filter(({ status }) => status === 'running').length
  const shares = (traffic?.arms ?? [])
    .filter(({ shareBp }) => shareBp > 0)
    .map(({ release, shareBp }) => `${release.version} ${percentOf(shareBp)}`)
  const counted = instances === null ? 'instances unknown' : `${running ?? 0}/${instances.length} up`
  return traffic === null
    ? style.dim(`no route, ${counted}`)
    : `${shares.length === 0 ? 'no traffic' : shares.join(' ')}, ${counted}`
}

const addressText = ({ observed: { traffic } }: EnvironmentView): string =>
  traffic === null ? '' : `http://${traffic.listen.host}:${traffic.listen.port}`

const noticeLines = (environment: EnvironmentView, now: number, style: Style): readonly string[] => {
  const { live, lock, freezes, name, queue, pin } = environment
  const lines: string[] = []
  if (live !== null) {
    const text = live.stage === null ? live.status : live.stage.text
    lines.push(
      `${name}: ${live.id} ${live.paused === null ? text : live.paused.text}   ${style.dim(`sluice rollout watch ${live.id}`)}`,
    )
  }
  if (lock !== null && (lock.until === null || lock.until > now)) {
    const until = lock.until === null ? '' : ` until ${isoTime(lock.until)}`
    lines.push(`${name}: locked by ${lock.by.name}${until}: ${lock.reason}   ${style.dim(`sluice env unlock ${name}`)}`)
  }
  const { maintenance } = environment
  if (maintenance !== undefined) lines.push(`${name}: ${maintenanceText(maintenance)}`)
  for (const { from, until, by, reason } of freezes) {
    if (until > now)
      lines.push(
        `${name}: frozen by ${by} ${from > now ? `from ${isoTime(from)} ` : ''}until ${isoTime(until)}: ${reason}`,
      )
  }
  for (const { release, by, reason } of environment.rejections)
    lines.push(`${name}: ${by.name} rejected ${release.version}: ${reason}   ${style.dim('sluice approvals ls')}`)
  for (const { rollout, release, by, reason } of environment.brokenGlass.filter(({ review }) => review === null))
    lines.push(
      `${style.mark('failed')} ${name}: ${by.name} broke the glass for ${release.version}: ${reason}; nobody has reviewed it   ${style.dim(`sluice changes review ${rollout} -m "what was found"`)}`,
    )
  if (pin !== null)
    lines.push(
      `${name}: ${pin.by.name} chose ${pin.release.version} at ${isoTime(pin.at)}; nothing goes past it by itself   ${style.dim(`sluice promote ${name}`)}`,
    )
  for (const [index, entry] of queue.entries())
    lines.push(
      `${name}: ${index + 1}. ${entry.release.version} of ${entry.by.name} ${entry.hotfix === null ? '' : '(hotfix) '}waits for ${waitText(entry)}   ${style.dim(`sluice env queue ${name}`)}`,
    )
  return lines
}

const maintenanceText = ({ kind, by, reason, until, status, detail }: MaintenanceView): string => {
  const what =
    kind === 'page' ? 'a page for everybody' : `requests wait${until === null ? '' : ` until ${isoTime(until)}`}`
  const said =
    kind === 'off' ? 'maintenance is being ended' : `maintenance by ${by?.name ?? 'nobody'}, ${what}: ${reason ?? ''}`
  return status === 'in_force'
    ? said
    : `${said} (${status === 'refused' ? 'refused' : 'not in force yet'}${detail === null ? '' : `: ${detail}`})`
}

/** The screen of `sluice env show`. */
export const environmentLines = (environment: EnvironmentView, now: number, style: Style): readonly string[] => {
  const { serving, previous, observed, history } = environment
  const row = (name: string, text: string): string => `${style.dim(name.padEnd(11))} ${text}`
  return [
    `${style.bold(environment.name)} of ${environment.service}`,
    row('state', stateText(environment, style)),
    row(
      'serves',
      serving === null
        ? 'nothing'
        : `${serving.version}  ${style.dim(serving.id.slice(0, 16))}  since ${isoTime(serving.since)} (${agoOf(serving.since, now)})`,
    ),
    ...(serving === null
      ? []
      : [row('commit', `${serving.commit.id.slice(0, 12)} ${serving.commit.subject}, ${serving.commit.author}`)]),
    row('way back', previous === null ? 'none' : previous.version),
    row('after', environment.after ?? 'none: it is the first'),
    ...(environment.soak === null ? [] : [row('soak', soakText(environment.soak))]),
    row('observed', observedText(environment, style)),
    ...(observed.traffic === null ? [] : trafficLines(observed.traffic, style)),
    ...(observed.instances ?? []).map((one) =>
      row(
        'instance',
        `${one.id}  ${one.status}  ${one.host}:${one.port}${one.restarts === 0 ? '' : `  ${one.restarts} restarts`}`,
      ),
    ),
    ...(environment.verification === null ? [] : [row('verified', verifiedText(environment.verification, now, style))]),
    ...history.map((one) =>
      row(
        'history',
        `${isoTime(one.at)}  ${one.release.version}  ${one.outcome.replace('_', ' ')}  ${style.dim(one.rollout)}`,
      ),
    ),
    ...noticeLines(environment, now, style),
  ]
}

const verifiedText = (
  { release, outcome, at, by, notPassed }: NonNullable<EnvironmentView['verification']>,
  now: number,
  style: Style,
): string => {
  const mark = style.mark(outcome === 'passed' ? 'done' : outcome === 'failed' ? 'failed' : 'warn')
  const what = notPassed.length === 0 ? outcome : `${outcome}: ${notPassed.join(', ')}`
  return `${mark} ${release.version} ${what}  ${style.dim(`${agoOf(at, now)} for ${by.name}`)}`
}
const soakText = ({ servedMs, soakMs }: NonNullable<EnvironmentView['soak']>): string =>
  servedMs >= soakMs
    ? `over: it served for ${spanOf(soakMs)} and more`
    : `${spanOf(servedMs)} of ${spanOf(soakMs)} seen to serve`

/** One line: what an environment shows now. It goes below errors and reports. */
export const nowLine = ({ name, serving, live, observed }: EnvironmentView): string => {
  const traffic = observed.traffic
  const arms = (traffic?.arms ?? []).filter(({ shareBp }) => shareBp > 0)
  const shown =
    traffic === null
      ? 'the data plane shows no route'
      : arms.length === 0
        ? 'no traffic'
        : arms.map(({ release, shareBp }) => `${release.version} at ${percentOf(shareBp)}`).join(', ')
  const serves = serving === null ? 'serves nothing' : `serves ${serving.version}`
  const under =
    live === null
      ? ''
      : `; rollout ${live.id} is ${live.paused === null ? live.status : 'paused'}${live.settledAt === null ? '' : ` for ${spanOf(live.settledAt - live.startedAt)}`}`
  return `${name} ${serves}; observed: ${shown}${under}`
}
