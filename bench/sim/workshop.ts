/** A copy of the sources in which bugs are planted one at a time, and the simulators and tests that must notice them. */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Killer, Mutant } from './mutant.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = join(root, 'packages/sluice')

/** A killer that takes longer than this hangs, and a mutant that hangs is noticed. Milliseconds. */
const killerMsMax = 90_000

/** What each killer runs, inside the copy. Schedules are bounded: a mutant that needs more of them is a survivor. */
const commands: Readonly<Record<Killer, readonly string[]>> = {
  coreSim: ['test/sim/core/replay.ts', '--seed', '1', '--count', '60000'],
  engineSim: ['test/sim/engine/replay.ts', '--seed', '1', '--count', '6000'],
  coreTests: [
    '--test',
    '--test-timeout=20000',
    '--test-force-exit',
    'src/core/rollout/*.test.ts',
    'src/core/judge/*.test.ts',
    'src/core/judge/outside/*.test.ts',
    'src/core/environment.test.ts',
    'src/core/admission.test.ts',
    'src/core/maintenance.test.ts',
    'src/core/routing-spec.test.ts',
    'src/core/promotion.test.ts',
    'src/core/queue.test.ts',
    'test/machine-laws.test.ts',
    'test/engine/loop.test.ts',
    'test/engine/train.test.ts',
    'test/rollout/*.test.ts',
  ],
  rollbackTests: [
    '--test',
    '--test-timeout=20000',
    '--test-force-exit',
    'src/core/hold.test.ts',
    'src/core/rollback-targets.test.ts',
    'src/core/watch/*.test.ts',
    'test/engine/queue-and-holds.test.ts',
    'test/engine/rollback.test.ts',
    'test/engine/watch-and-drill.test.ts',
    'test/machine-laws.test.ts',
  ],
  governanceTests: [
    '--test',
    '--test-timeout=20000',
    '--test-force-exit',
    'src/core/governance/*.test.ts',
    'src/core/environment.test.ts',
    'test/engine/governance.test.ts',
    'test/machine-laws.test.ts',
  ],
  notifyTests: [
    '--test',
    '--test-timeout=30000',
    '--test-force-exit',
    'src/core/notify/notify.test.ts',
    'test/notify/outbox.test.ts',
  ],
  pipelineTests: [
    '--test',
    '--test-timeout=30000',
    '--test-force-exit',
    'src/core/pipeline/machine.test.ts',
    'src/core/pipeline/slots.test.ts',
    'src/core/pipeline/starting.test.ts',
  ],
  gatewayTests: [
    '--test',
    '--test-timeout=20000',
    '--test-force-exit',
    'src/core/routing-pick.test.ts',
    'src/core/judge/eprocess.test.ts',
    'src/gateway/routes/live-route.test.ts',
    'src/gateway/routes/tripwire.test.ts',
    'test/gateway/arms.test.ts',
    'test/gateway/control.test.ts',
    'test/gateway/durability.test.all.ts',
    'test/gateway/steering.test.ts',
    'test/gateway/maintenance.test.ts',
  ],
}

/** What became of a mutant. `killer` is null for a survivor; `words` are the first of what the killer said. */
export type Trial = { readonly mutant: Mutant; readonly killer: Killer | null; readonly words: string }

/** A copy of the sources; remove it when done. */
export class Workshop {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** Copies sources and tests to a directory of its own. */
  static async open(): Promise<Workshop> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-mutants-'))
    const copy = join(directory, 'packages/sluice')
    for (const part of ['src', 'test', 'package.json'])
      await cp(join(sources, part), join(copy, part), { recursive: true })
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
    return new Workshop(copy)
  }

  /** Removes the copy. */
  async close(): Promise<void> {
    await rm(join(this.#directory, '../..'), { recursive: true, force: true })
  }

  /** What a killer says of the copy as it is: null when it notices nothing. What it started ends with it: a mutant may hang in any of its processes. */
  ask(killer: Killer): Promise<string | null> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [...commands[killer]], {
        cwd: this.#directory,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let said = ''
      let isLate = false
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
      const late = setTimeout(() => {
        isLate = true
        endGroup(child.pid)
      }, killerMsMax)
      child.once('exit', (code) => {
        clearTimeout(late)
        endGroup(child.pid)
        setImmediate(() => resolve(code === 0 ? null : firstWords(isLate ? 'it hangs' : said)))
      })
    })
  }

  /** Plants one bug, asks its killers, and takes it out again. Throws when the bug's place is not to be found exactly once. */
  async try(mutant: Mutant): Promise<Trial> {
    const file = join(this.#directory, 'src', mutant.file)
    const text = await readFile(file, 'utf8')
    if (text.split(mutant.find).length !== 2)
      throw new Error(`${mutant.file}: not found exactly once: ${mutant.find} (${mutant.why})`)
    await writeFile(
      file,
      text.replace(mutant.find, () => mutant.replace),
    )
    try {
      for (const killer of mutant.killers) {
        const words = await this.ask(killer)
        if (words !== null) return { mutant, killer, words }
      }
      return { mutant, killer: null, words: '' }
    } finally {
      await writeFile(file, text)
    }
  }
}

const firstWords = (output: string): string => {
  const line = /BREACH: .*|(?<=✖ ).*|.*Error.*/.exec(output)?.[0] ?? output.trim().split('\n')[0] ?? ''
  return line.trim().slice(0, 120)
}

const endGroup = (group: number | undefined): void => {
  try {
    if (group !== undefined) process.kill(-group, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}
