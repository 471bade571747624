/** The program that is measured: what is published, laid out as an installation would be; built first where it is not there, or older than its sources. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { progress } from '../lib/report.ts'

/** The program by its words, and the folder that it was laid out in. */
export type Program = { readonly words: readonly string[]; readonly folder: string }

const root = fileURLToPath(new URL('../..', import.meta.url))
const own = join(root, 'packages/sluice')

/** Lays out what `npm run build` makes; a clone's own bin runs the sources. */
export const chooseProgram = (): Program => {
  if (!isBuilt()) build()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-installed-'))
  const installed = join(folder, 'lib/sluice')
  mkdirSync(installed, { recursive: true })
  for (const part of ['bin', 'dist', 'docs', 'package.json'])
    cpSync(join(own, part), join(installed, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'lib/node_modules'))
  return { words: [process.execPath, join(installed, 'bin/sluice.js')], folder }
}

const isBuilt = (): boolean => {
  const made = join(own, 'dist/main.js')
  if (!existsSync(made)) return false
  const madeAt = statSync(made).mtimeMs
  const sources = readdirSync(join(own, 'src'), { recursive: true, encoding: 'utf8' })
  return sources.every((source) => statSync(join(own, 'src', source)).mtimeMs <= madeAt)
}

const build = (): void => {
  progress('npm run build')
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the build ended with ${status}: ${stderr}`)
}
