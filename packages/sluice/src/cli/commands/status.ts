import { SluiceError } from '../../core/errors.ts'
import type { EnvironmentView } from '../../http/client/environment-views.ts'
import { type Command, flagOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { statusLines } from '../render/environment.ts'
import { createLive } from '../render/live.ts'

const lookMs = 1_000

/** The one by that name; `not_found` with those that there are. */
const onlyOf = (all: readonly EnvironmentView[], wanted: string): readonly EnvironmentView[] => {
  const found = all.filter(({ name }) => name === wanted)
  if (found.length > 0) return found
  const names = all.map(({ name }) => name).join(', ')
  throw new SluiceError('not_found', {
    detail: `there is no environment ${wanted}${names === '' ? '' : `; there are ${names}`}`,
    hint: 'sluice env ls',
  })
}

/** `sluice status`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client, kind) => {
    const look = async (): Promise<Awaited<ReturnType<typeof client.call<'environments.list'>>>> => {
      const view = await client.call('environments.list', {})
      const { environment } = cli.globals
      return environment === null ? view : { ...view, environments: onlyOf(view.environments, environment) }
    }
    const first = await look()
    const server = kind === 'server' ? client.url : null
    if (!flagOption(input, 'watch')) {
      if (cli.globals.json) cli.json({ ...first, server })
      else {
        for (const line of statusLines(first, cli.style)) cli.print(line)
        if (server === null)
          cli.note(cli.noteStyle.dim('no control plane runs here; what serves goes on by itself   sluice up -d'))
      }
      return 0
    }
    const live = createLive(cli.stdout, () => performance.now())
    let last = ''
    for (let view = first; !cli.interrupted.aborted; view = await look()) {
      const lines = statusLines(view, cli.style)
      const text = lines.join('\n')
      if (cli.globals.json) cli.json({ ...view, server })
      else if (cli.style.repaints) live.paint(lines)
      else if (text !== last) cli.print(text)
      last = text
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookMs)
        cli.interrupted.addEventListener('abort', () => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return 130
  })
