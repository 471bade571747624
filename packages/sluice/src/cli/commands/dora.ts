import { isoTime } from '../../core/iso-time.ts'
import type { DoraView } from '../../http/client/delivery-views.ts'
import { countOf, spanOf } from '../../http/client/words.ts'
import { type Cli, type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { momentOf } from './ledger-filter.ts'

/** `sluice dora`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const query = {
      environment: cli.globals.environment ?? undefined,
      from: momentOf(textOption(input, 'from'), '--from') ?? undefined,
      to: momentOf(textOption(input, 'to'), '--to') ?? undefined,
    }
    const report = await client.call('dora.show', { query, timeoutMs: 120_000 })
    if (cli.globals.json) cli.json(report)
    else tell(cli, report, flagOption(input, 'list'))
    return 0
  })

const tell = (cli: Cli, report: DoraView, isListed: boolean): void => {
  const { service, environment, from, to } = report
  cli.print(`${service} · ${environment} · ${isoTime(from).slice(0, 10)} to ${isoTime(to).slice(0, 10)} (UTC)`)
  for (const line of metricLines(report)) cli.print(line)
  if (isListed) for (const line of listLines(cli, report)) cli.print(line)
  else if (report.deliveries.length > 0) cli.note('  --list   shows the deliveries behind the numbers')
}

/** One line for each metric. Pure. */
const metricLines = ({ frequency, leadTime, recovery, changeFail, rework, settings }: DoraView): readonly string[] => {
  const { commits, working, waiting } = leadTime
  const open = recovery.open.length === 0 ? '' : `, ${recovery.open.length} open`
  return [
    `  lead time       ${spreadText(commits, 'commit')}${working === null || waiting === null ? '' : `; worked ${spanOf(working.p50Ms)}, waited ${spanOf(waiting.p50Ms)} (medians)`}`,
    `  frequency       ${frequency.count} in the period; ${frequency.daysPerWeekMedian} days a week (median of ${frequency.weeks.length} weeks): ${frequency.band}${settings.zone === 'UTC' ? '' : ` (days of ${settings.zone})`}`,
    `  recovery        ${spreadText(recovery.closed, 'failure')}${open}`,
    `  change fail     ${rateText(changeFail)}${failedText(changeFail, settings)}${changeFail.beforeUsers.length === 0 ? '' : `; ${changeFail.beforeUsers.length} came back before any user was`}`,
    `  rework          ${rateText(rework)}, 180 days`,
  ]
}

/** How far those that failed had come, as the settings want it told. */
const failedText = (
  { reachedSome, reachedAll, canaryAborts }: DoraView['changeFail'],
  settings: DoraView['settings'],
): string => {
  if (settings.canaryAborts === 'split')
    return `; ${reachedSome} caught before everybody was on it, ${reachedAll} after`
  return settings.canaryAborts === 'ignore' && canaryAborts.length > 0
    ? `; ${canaryAborts.length} came back before everybody was on it, and are not counted (dora.canaryAborts)`
    : ''
}

const spreadText = (spread: DoraView['recovery']['closed'], what: string): string =>
  spread === null
    ? `none (no ${what}s)`
    : `${spanOf(spread.p50Ms)} (median of ${countOf(spread.count, what)}; 90 % within ${spanOf(spread.p90Ms)})`

const rateText = ({ count, of, rate, isEnough }: DoraView['rework']): string => {
  if (rate === null) return 'none'
  return isEnough ? `${(100 * rate).toFixed(1)} % (${count} of ${of})` : `${count} of ${of}, too few for a rate`
}

const listLines = ({ style }: Cli, { deliveries }: DoraView): readonly string[] => [
  '',
  ...tableLines(
    ['rollout', 'version', 'what', 'over', 'lead', 'commits', 'failed', 'rows'],
    deliveries.map((one) => [
      one.rollout,
      one.version,
      `${one.purpose}${one.isRework ? ', rework' : ''}${one.remediates.length === 0 ? '' : ` of ${one.remediates.join(', ')}`}${one.outcome === 'succeeded' ? '' : ', came back'}`,
      isoTime(one.settledAt),
      one.leadMs === null ? '' : spanOf(one.leadMs),
      String(one.commits),
      one.failure === null
        ? ''
        : `${one.failure.sources.join(', ')}${one.failure.recoveredAt === null ? ' (open)' : ` (${spanOf(one.failure.recoveredAt - one.failure.since)})`}`,
      one.rows.join('–'),
    ]),
    style,
  ),
]
