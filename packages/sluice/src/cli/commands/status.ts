import { SluiceError } from '../../core/errors.ts'
import type { EnvironmentView } from '../../http/client/environment-views.ts'
import { type Cli, type Command, flagOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { statusLines } from '../render/environment.ts'
import { createLive } from '../render/live.ts'
import { lookPatiently, type Patience, pause } from '../patience.ts'

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
    const teller = tellerFor(cli)
    for (let view: typeof first | null = first; view !== null && !cli.interrupted.aborted;) {
      if (cli.globals.json) cli.json({ ...view, server })
      else teller.tell(statusLines(view, cli.style))
      await pause(lookMs, cli.interrupted)
      if (!cli.interrupted.aborted) view = await lookPatiently(cli, look, teller)
    }
    return 130
  })

type Teller = Patience & { readonly tell: (lines: readonly string[]) => void }

/** Painted in place on a terminal; elsewhere told whenever it differs. */
const tellerFor = ({ stdout, style, globals, print, note }: Cli): Teller => {
  const isPainted = style.repaints && !globals.json
  const live = createLive(stdout, () => performance.now())
  let last: readonly string[] = []
  return {
    tell: (lines) => {
      if (isPainted) live.paint(lines)
      else if (lines.join('\n') !== last.join('\n')) print(lines.join('\n'))
      last = lines
    },
    away: (detail) => {
      const line = `the control plane does not answer (${detail}); this is how it stood before, looking again`
      if (isPainted) live.paint([...last, '', `${style.mark('warn')} ${line}`])
      else note(line)
    },
    back: () => {
      // What is painted next says it by itself.
      if (!isPainted) note('the control plane answers again')
    },
  }
}
