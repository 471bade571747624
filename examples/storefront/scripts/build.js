/**
 * Writes `dist/`: the source as it runs, and `version.json` (version and commit). The same commit gives the same bytes:
 * no clock, no host name, no path.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)
const dist = new URL('dist/', root)

const commit = () => {
  if (process.env.SLUICE_COMMIT) return process.env.SLUICE_COMMIT
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}

const { name, version, type } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist)
cpSync(new URL('src/', root), new URL('src/', dist), { recursive: true })
writeFileSync(new URL('package.json', dist), `${JSON.stringify({ name, version, type, private: true }, null, 2)}\n`)
writeFileSync(new URL('version.json', dist), `${JSON.stringify({ version, commit: commit() }, null, 2)}\n`)
process.stdout.write(`built ${name} ${version} into dist/\n`)
