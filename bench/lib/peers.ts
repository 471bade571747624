/** The tools that benchmarks compare with, installed under `bench/` from its own package.json when one of them is first needed. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { progress } from './report.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))

/** The path of a peer's program; installs the peers when it is not there. `small`: without those that are large, which `package.json` calls optional. */
export const peerProgram = (name: string, which: 'all' | 'small' = 'all'): string => {
  const path = join(folder, 'node_modules', '.bin', name)
  if (existsSync(path)) return path
  progress('installing the peers of the benchmarks')
  const words = ['install', '--no-package-lock', '--no-audit', '--no-fund']
  execFileSync('npm', which === 'small' ? [...words, '--omit=optional'] : words, { cwd: folder, stdio: 'ignore' })
  if (existsSync(path)) return path
  throw new Error(`${name} could not be installed under ${folder}`)
}
