/** Waiting for a turn in the queue of an environment. */
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { LedgerPageView } from '../../http/client/ledger-views.ts'
import type { Cli } from '../cli.ts'
import { waitText } from '../render/queue.ts'

type Waiting = { readonly environment: string; readonly entry: string; readonly timeoutMs: number | null }

const lookMs = 500

/** Resolves once its rollout has started. `admission_refused` when it left the queue otherwise, `wait_timeout`; Ctrl-C leaves it in the queue (`wait_timeout`, too). */
export const untilStarted = async (
  cli: Cli,
  client: Client,
  { environment, entry, timeoutMs }: Waiting,
): Promise<void> => {
  const beganAt = performance.now()
  let said = ''
  for (;;) {
    const { holder, queue } = await client.call('environments.queue', { params: { environment } })
    const place = queue.findIndex(({ id }) => id === entry)
    const found = queue[place]
    if (found === undefined) return mustHaveStarted(client, environment, entry)
    const why = found.waits === null && holder !== null ? `${holder.rollout} of ${holder.by.name}` : waitText(found)
    const line = `${place + 1}. in the queue of ${environment}; waits for ${why}`
    if (line !== said) cli.note(`${cli.noteStyle.mark('paused')} ${line}`)
    said = line
    if (cli.interrupted.aborted || (timeoutMs !== null && performance.now() - beganAt > timeoutMs)) {
      throw new SluiceError('wait_timeout', {
        detail: `${entry} still waits for ${environment}; it stays in the queue`,
        hint: `sluice env queue ${environment}   or   sluice env dequeue ${environment} --entry ${entry}`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

const mustHaveStarted = async (client: Client, environment: string, entry: string): Promise<void> => {
  try {
    await client.call('rollouts.show', { params: { rollout: entry } })
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'not_found') throw error
    throw new SluiceError('admission_refused', {
      detail: `${entry} left the queue of ${environment}: ${await whyItLeft(client, environment, entry)}`,
      hint: `sluice env show ${environment}`,
    })
  }
}

/** The last that the ledger says about the entry. */
const whyItLeft = async (client: Client, environment: string, entry: string): Promise<string> => {
  const { service } = await client.call('environments.show', { params: { environment } })
  let found = 'the ledger says no more'
  let after = 0
  for (;;) {
    const query = { after, kind: 'environment', id: `${service}/${environment}` } as const
    const { rows }: LedgerPageView = await client.call('ledger.page', { query })
    for (const { type, actor, reason, body } of rows) {
      if (typeof body !== 'object' || body === null || !('entry' in body) || body.entry !== entry) continue
      const detail = 'detail' in body ? String(body.detail) : (reason ?? '')
      found = `${type.replaceAll('_', ' ')} by ${'by' in body && typeof body.by === 'string' ? body.by : actor.name}${detail === '' ? '' : `: ${detail}`}`
    }
    const last = rows.at(-1)
    if (last === undefined) return found
    after = last.seq
  }
}
