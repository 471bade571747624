/** The tools that benchmarks compare with, installed under `bench/` from its own package.json when one of them is first needed. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { progress } from './report.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))

/** A peer that cannot be installed here: no way to the packages, or none for this platform. */
export class PeerMissing extends Error {}

/** The path of a peer's program; installs the peers when it is not there. Throws `PeerMissing` when that does not bring it. */
export const peerProgram = (name: string): string => {
  const path = join(folder, 'node_modules', '.bin', name)
  if (existsSync(path)) return path
  progress('installing the peers of the benchmarks')
  const said = install()
  if (existsSync(path)) return path
  throw new PeerMissing(`${name} could not be installed under ${folder}: ${said}`)
}

/** What npm said, should a program still be missing. */
const install = (): string => {
  try {
    const words = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--no-progress']
    execFileSync('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
    return 'npm has no build of it for this platform'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
