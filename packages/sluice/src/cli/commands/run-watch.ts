/** The working tree, run again whenever a file of it changes that git would not ignore. */
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import { errorTable, SluiceError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'

/** An editor writes several files, and each several times. */
const quietMs = 150

/** Runs once, then whenever something changed. Ends at Ctrl-C: with 0 while it waits, otherwise with what the run that was called off gives. */
export const watchTree = async (cli: Cli, runOnce: () => Promise<number>): Promise<number> => {
  const { projectDir } = cli.globals
  const changed = new Set<string>()
  let wake = (): void => {}
  const watcher = watch(projectDir, { recursive: true }, (_, name) => {
    if (name === null || /^\.(?:git|sluice)(?:\/|$)/.test(name)) return
    changed.add(name)
    wake()
  })
  const onInterrupt = (): void => wake()
  cli.interrupted.addEventListener('abort', onInterrupt)
  try {
    for (;;) {
      const code = await runOnce().catch((error: unknown) => {
        if (!(error instanceof SluiceError)) throw error
        // A config in the middle of being written is no reason to stop looking.
        cli.note(`${error.detail}${error.hint === null ? '' : `  ${error.hint}`}`)
        return errorTable[error.code].exit
      })
      if (cli.interrupted.aborted) return code
      cli.note('waiting for a file to change; Ctrl-C ends')
      for (;;) {
        if (changed.size === 0)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        if (cli.interrupted.aborted) return 0
        await sleep(quietMs)
        const names = [...changed]
        changed.clear()
        const counted = await notIgnored(projectDir, names)
        if (counted.length === 0) continue
        cli.note(`${counted.slice(0, 3).join(', ')}${counted.length > 3 ? ' …' : ''} changed`)
        break
      }
    }
  } finally {
    cli.interrupted.removeEventListener('abort', onInterrupt)
    watcher.close()
  }
}

/** The paths that git would not ignore; all of them when git cannot say. */
const notIgnored = async (directory: string, names: readonly string[]): Promise<readonly string[]> => {
  const child = spawn('git', ['check-ignore', '-z', '--stdin'], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.stdin.end(names.join('\0'))
  const ignored = new Set((await text(child.stdout).catch(() => '')).split('\0'))
  return names.filter((name) => !ignored.has(name))
}
