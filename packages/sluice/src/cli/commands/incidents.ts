/** `sluice incidents ls | show | open | resolve`. */
import { isoTime } from '../../core/iso-time.ts'
import { incidentStatuses } from '../../http/client/list-filters.ts'
import type { IncidentView } from '../../http/client/rollback-views.ts'
import { type Cli, type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { reasonOf } from './door.ts'
import { freshKey } from './follow.ts'
import { begunIn, isAny, noteMore, pageFor, valueOf } from './list-page.ts'
import { categoryOf } from './releases-hold.ts'
import { chosenEnvironment, required } from './which.ts'

/** `sluice incidents ls`. */
export const list: Command = (cli, input) => {
  const filter = {
    environment: cli.globals.environment ?? undefined,
    status: valueOf(input, 'status', incidentStatuses),
    ...begunIn(input),
  }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('incidents.list', { query: { ...filter, ...query } }))
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print(isAny(filter) ? 'no such incidents' : 'no incidents')
    else {
      const rows = page.items.map((one) => [
        one.id,
        one.environment,
        one.emergencyAt === null ? one.status : `${one.status}, emergency`,
        one.reason ?? '',
        isoTime(one.openedAt),
        one.openedBy.name,
        one.title,
      ])
      const head = ['incident', 'environment', 'status', 'reason', 'opened', 'by', 'title']
      for (const line of tableLines(head, rows, cli.style)) cli.print(line)
      noteMore(cli, page)
    }
    return 0
  })
}

/** `sluice incidents show`. */
export const show: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const incident = required(input.args[0], 'an incident')
    return tell(cli, await client.call('incidents.show', { params: { incident } }))
  })

/** `sluice incidents open`. */
export const open: Command = (cli, input) => {
  const title = reasonOf(input, 'incidents open')
  const category = categoryOf(input)
  return withClient(cli, 'server', async (client) => {
    const environment = await chosenEnvironment(cli, client, { given: input.args[0], words: 'incidents open' })
    const body = { environment, title, category }
    return tell(cli, await client.call('incidents.open', { body, idempotencyKey: freshKey() }))
  })
}

/** `sluice incidents resolve`. */
export const resolve: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const incident = required(input.args[0], 'an incident')
    const body = { reason: textOption(input, 'message') }
    const view = await client.call('incidents.resolve', { params: { incident }, body, idempotencyKey: freshKey() })
    return tell(cli, view)
  })

const tell = (cli: Cli, incident: IncidentView): number => {
  if (cli.globals.json) cli.json({ incident })
  else for (const line of incidentLines(cli, incident)) cli.print(line)
  return 0
}

const incidentLines = ({ style }: Cli, incident: IncidentView): readonly string[] => {
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(11))} ${text}`
  const mark = incident.status === 'open' ? 'failed' : 'done'
  return [
    `${style.mark(mark)} ${style.bold(incident.id)} ${incident.status} in ${incident.environment}: ${incident.title}`,
    row('opened', `${isoTime(incident.openedAt)} by ${incident.openedBy.name}`),
    ...(incident.emergencyAt === null ? [] : [row('emergency', `declared ${isoTime(incident.emergencyAt)}`)]),
    ...(incident.reason === null ? [] : [row('reason', incident.reason)]),
    ...(incident.release === null ? [] : [row('release', `${incident.release.version}  ${incident.release.id}`)]),
    ...(incident.rollout === null ? [] : [row('rollback', incident.rollout)]),
    ...(incident.resolvedAt === null
      ? [style.dim(`  next  sluice incidents resolve ${incident.id} -m "what it was"`)]
      : [
          row('resolved', `${isoTime(incident.resolvedAt)} by ${incident.resolvedBy?.name ?? ''}`),
          ...(incident.resolution === null ? [] : [row('resolution', incident.resolution)]),
        ]),
  ]
}
