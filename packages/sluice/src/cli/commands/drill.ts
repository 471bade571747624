/** `sluice drill rollback | ls`. */
import { isoTime } from '../../core/iso-time.ts'
import type { Client } from '../../http/client/client.ts'
import { drillOutcomes } from '../../http/client/list-filters.ts'
import type { DrillLegView, DrillView } from '../../http/client/rollback-views.ts'
import { percentOf, spanOf } from '../../http/client/words.ts'
import { type Cli, type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { freshKey, spanOption } from './follow.ts'
import { begunIn, isAny, noteMore, pageFor, valueOf } from './list-page.ts'
import { chosenEnvironment } from './which.ts'

/** Between two looks at a drill, milliseconds. */
const lookMs = 250

/** `sluice drill rollback`. 0 when it passed, 3 when it did not, 130 after Ctrl-C: it goes on. */
export const rollback: Command = (cli, input) => {
  const dwell = textOption(input, 'dwell')
  const dwellMs = dwell === null ? null : spanOption('--dwell', dwell)
  return withClient(cli, 'server', async (client) => {
    const environment = await chosenEnvironment(cli, client, { given: input.args[0], words: 'drill rollback' })
    const body = { confirm: textOption(input, 'confirm'), dwellMs, reason: textOption(input, 'message') }
    const started = await client.call('drills.start', {
      params: { environment },
      body,
      idempotencyKey: freshKey(),
    })
    cli.note(`${cli.noteStyle.mark('current')} drill ${started.id}: ${wayOf(started)} and back`)
    const drill = await untilOver(cli, client, started)
    if (cli.globals.json) cli.json({ drill })
    else for (const line of drillLines(cli, drill)) cli.print(line)
    if (drill.status === 'drilling') return 130
    return drill.outcome === 'passed' ? 0 : 3
  })
}

/** `sluice drill ls`. */
export const list: Command = (cli, input) => {
  const filter = {
    environment: cli.globals.environment ?? undefined,
    outcome: valueOf(input, 'outcome', drillOutcomes),
    ...begunIn(input),
  }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('drills.list', { query: { ...filter, ...query } }))
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0)
      cli.print(isAny(filter) ? 'no such drills' : 'no drills yet: sluice drill rollback')
    else {
      const rows = page.items.map((one) => [
        one.id,
        one.environment,
        wayOf(one),
        one.outcome ?? one.phase ?? '',
        tookOf(one.back),
        tookOf(one.return),
        isoTime(one.startedAt),
        one.by.name,
      ])
      const head = ['drill', 'environment', 'releases', 'outcome', 'back', 'return', 'started', 'by']
      for (const line of tableLines(head, rows, cli.style)) cli.print(line)
      noteMore(cli, page)
    }
    return 0
  })
}

const wayOf = ({ serving, target }: DrillView): string => `${serving.version} → ${target.version}`

const tookOf = (leg: DrillLegView | null): string => (leg === null ? '' : spanOf(leg.tookMs))

const untilOver = async (cli: Cli, client: Client, started: DrillView): Promise<DrillView> => {
  let drill = started
  let phase = drill.phase
  while (drill.status === 'drilling' && !cli.interrupted.aborted) {
    await new Promise((resolve) => setTimeout(resolve, lookMs))
    drill = await client.call('drills.show', { params: { drill: drill.id } })
    if (drill.phase !== phase && drill.phase !== null) cli.note(`  ${drill.phase}`)
    phase = drill.phase
  }
  return drill
}

const drillLines = ({ style }: Cli, drill: DrillView): readonly string[] => {
  const mark = drill.outcome === 'passed' ? 'done' : drill.outcome === null ? 'current' : 'failed'
  const leg = (name: string, one: DrillLegView | null): readonly string[] =>
    one === null
      ? []
      : [
          `  ${style.dim(name.padEnd(7))} ${spanOf(one.tookMs)} until all traffic was there   ${percentOf(one.shareBp)} of the traffic, ${one.requests} answers, ${one.bad} bad   ${style.dim(one.rollout)}`,
        ]
  return [
    `${style.mark(mark)} ${style.bold(`rollback drill in ${drill.environment}`)} ${drill.outcome ?? 'goes on'}   ${wayOf(drill)} ${style.arrow} ${drill.serving.version}   ${style.dim(drill.id)}`,
    ...(drill.detail === null ? [] : [`  ${style.dim('why'.padEnd(7))} ${drill.detail}`]),
    ...leg('back', drill.back),
    ...leg('return', drill.return),
  ]
}
