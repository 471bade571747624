/** How the demo is told: painted in place on a terminal, one line per change elsewhere. */
import type { RolloutDetailView } from '../../http/client/views.ts'
import type { RunDetailView } from '../../http/client/run-views.ts'
import type { Cli } from '../cli.ts'
import { createLive } from '../render/live.ts'
import { isOver, rolloutChanges, rolloutLines } from '../render/rollout.ts'
import { isRunOver, runChanges, runLines } from '../render/run.ts'
import { clip } from '../render/style.ts'
import type { Teller } from './story.ts'

/** The teller that fits the stream. */
export const tellerFor = (cli: Cli): Teller =>
  cli.noteStyle.repaints && !cli.globals.quiet ? liveTeller(cli) : lineTeller(cli)

const liveTeller = (cli: Cli): Teller => {
  const style = cli.noteStyle
  const live = createLive(cli.stderr, () => performance.now())
  const done = (lines: readonly string[]): void => {
    live.clear()
    for (const line of lines) cli.note(clip(line, cli.stderr.columns))
  }
  return {
    chapter: (title) => done(['', style.bold(title)]),
    line: (text) => done([`  ${text}`]),
    run: (run) => (isRunOver(run) ? done(runLines(run, style)) : live.paint(runLines(run, style))),
    rollout: (rollout) =>
      isOver(rollout) ? done(rolloutLines(rollout, style)) : live.paint(rolloutLines(rollout, style)),
  }
}

const lineTeller = (cli: Cli): Teller => {
  let run: RunDetailView | null = null
  let rollout: RolloutDetailView | null = null
  const lines = (texts: readonly string[]): void => {
    for (const text of texts) cli.note(text)
  }
  return {
    chapter: (title) => lines(['', title]),
    line: (text) => lines([text]),
    run: (view) => {
      lines(runChanges(run?.id === view.id ? run : null, view))
      run = view
    },
    rollout: (view) => {
      lines(rolloutChanges(rollout?.id === view.id ? rollout : null, view))
      rollout = view
    },
  }
}
