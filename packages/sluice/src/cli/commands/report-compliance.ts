import { isoTime } from '../../core/iso-time.ts'
import type { ComplianceView } from '../../http/client/delivery-views.ts'
import { type Cli, type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { momentOf } from './ledger-filter.ts'

/** `sluice report compliance`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const query = {
      environment: cli.globals.environment ?? undefined,
      from: momentOf(textOption(input, 'from'), '--from') ?? undefined,
      to: momentOf(textOption(input, 'to'), '--to') ?? undefined,
    }
    const report = await client.call('report.compliance', { query, timeoutMs: 120_000 })
    if (cli.globals.json) cli.json(report)
    else if (flagOption(input, 'md')) cli.stdout.write(markdownOf(report))
    else tell(cli, report)
    return 0
  })

const periodText = ({ from, to }: ComplianceView): string =>
  `${isoTime(from).slice(0, 10)} to ${isoTime(to).slice(0, 10)}`
const totalsText = ({ totals }: ComplianceView): string =>
  `${totals.deliveries} deliveries, ${totals.withSeparation} with author, approver and deliverer apart; ${totals.rollbacks} rollbacks, ${totals.break_glass} emergencies`

const tell = ({ print, style, note }: Cli, report: ComplianceView): void => {
  print(`${report.service} · ${report.environment ?? 'every environment'} · ${periodText(report)} (UTC)`)
  print(`  ${totalsText(report)}`)
  if (report.findings.length === 0) return print(`${style.mark('done')} nothing found`)
  const rows = report.findings.map((one) => [one.severity, one.rule, one.rollout, one.detail, one.rows.join(', ')])
  for (const line of tableLines(['', 'rule', 'rollout', 'what', 'rows'], rows, style)) print(line)
  note('  a row: sluice ledger ls --after <row - 1> --limit 1')
}

/** The report as Markdown: what was found first, then every delivery. Pure. */
const markdownOf = (report: ComplianceView): string =>
  [
    `# Compliance report: ${cell(report.service)}, ${cell(report.environment ?? 'every environment')}`,
    '',
    `${periodText(report)} (UTC). ${totalsText(report)}.`,
    '',
    '## Findings',
    '',
    ...(report.findings.length === 0
      ? ['None.']
      : tableOf(
          ['severity', 'rule', 'rollout', 'what', 'ledger rows'],
          report.findings.map((one) => [one.severity, one.rule, one.rollout, one.detail, one.rows.join(', ')]),
        )),
    '',
    '## Deliveries',
    '',
    ...tableOf(
      ['over', 'environment', 'version', 'what', 'authors', 'approved by', 'delivered by', 'evidence', 'ledger rows'],
      report.deliveries.map((one) => [
        isoTime(one.settledAt),
        one.environment,
        one.version,
        one.outcome === 'succeeded' ? one.purpose : `${one.purpose}, came back`,
        one.authors.join(', '),
        `${one.approvers.join(', ')} (${one.approvalsWanted} wanted)`,
        one.deliveredBy,
        one.evidence.join(', '),
        one.rows.join(', '),
      ]),
    ),
    '',
  ].join('\n')

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${head.join(' | ')} |`,
  `|${' --- |'.repeat(head.length)}`,
  ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
]

/** Names and reasons were written by anybody: no cell ends early, and none is markup. */
const cell = (text: string): string =>
  text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\`*_{}[\]<>|#!]/g, (mark) => `\\${mark}`)
