/** `sluice changes ls | show | review`. */
import { isoTime } from '../../core/iso-time.ts'
import { changeMarkdown } from '../../http/client/change-text.ts'
import { rolloutStatuses } from '../../http/client/list-filters.ts'
import { type Command, environmentOf, flagOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { changeLines } from '../render/change.ts'
import { tableLines } from '../render/table.ts'
import { reasonOf } from './door.ts'
import { freshKey } from './follow.ts'
import { begunIn, isAny, noteMore, pageFor, valueOf, wordOf } from './list-page.ts'
import { callerName, required } from './which.ts'

/** `sluice changes ls`. */
export const list: Command = (cli, input) => {
  const filter = {
    environment: environmentOf(cli, input.args[0]) ?? undefined,
    service: wordOf(input, 'service'),
    status: valueOf(input, 'status', rolloutStatuses),
    ...begunIn(input),
  }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('changes.list', { query: { ...filter, ...query } }))
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print(isAny(filter) ? 'no such changes' : 'no changes')
    else {
      const rows = page.items.map((one) => [
        one.id,
        one.environment,
        one.to.version,
        `${one.red ? `${cli.style.mark('failed')} ` : ''}${one.status.replace('_', ' ')}`,
        one.risk.level,
        one.approvals.map(({ by }) => by.name).join(', '),
        isoTime(one.startedAt),
        one.requestedBy.name,
      ])
      const head = ['change', 'environment', 'release', 'status', 'risk', 'approved by', 'started', 'by']
      for (const line of tableLines(head, rows, cli.style)) cli.print(line)
      noteMore(cli, page)
    }
    return 0
  })
}

/** `sluice changes show`. */
export const show: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const change = await client.call('changes.show', { params: { change: required(input.args[0], 'a change') } })
    if (cli.globals.json) cli.json({ change })
    else if (flagOption(input, 'markdown')) cli.print(changeMarkdown(change))
    else for (const line of changeLines(change, cli.style)) cli.print(line)
    return 0
  })

/** `sluice changes review`. */
export const review: Command = (cli, input) => {
  const reason = reasonOf(input, 'changes review <change>')
  return withClient(cli, 'server', async (client) => {
    const change = required(input.args[0], 'a change')
    const { environment, rollout } = await client.call('changes.show', { params: { change } })
    const params = { environment, rollout }
    await client.call('environments.reviewGlass', { params, body: { reason }, idempotencyKey: freshKey() })
    const by = await callerName(client)
    if (cli.globals.json) cli.json({ change, by })
    else cli.print(`${cli.style.mark('done')} ${change} is reviewed by ${by}`)
    return 0
  })
}
