/**
 * `npm run dashboard [-- --when-stale]`: bundles the dashboard into `packages/dashboard/dist`, each file beside its brotli and gzip forms, so that the control plane
 * compresses nothing. `--when-stale` does nothing when it is newer than all that it is made of.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv, stderr } from 'node:process'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'
import { bundle } from './bundle.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const target = join(here, 'dist')

/** What the bundle is made of, besides packages. */
const sources: readonly string[] = ['src', 'public', '../sluice/src/http/client', '../sluice/src/core/errors.ts']
const files: readonly string[] = ['index.html', 'bundle.ts', 'build.ts', 'package.json']

const newestIn = (path: string): number => {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestIn(join(path, name))), 0)
}

const isStale = (): boolean => {
  const page = join(target, 'index.html')
  if (!existsSync(page)) return true
  const builtAt = statSync(page).mtimeMs
  return [...sources, ...files].some((path) => newestIn(join(here, path)) > builtAt)
}

/** Files that a compressed form makes smaller; fonts are compressed already. */
const compress = (): number => {
  const names = readdirSync(target, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:js|css|svg|html)$/.test(name),
  )
  for (const name of names) {
    const bytes = readFileSync(join(target, name))
    writeFileSync(join(target, `${name}.gz`), gzipSync(bytes, { level: 9 }))
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(join(target, `${name}.br`), brotliCompressSync(bytes, { params }))
  }
  return names.length
}

if (!argv.includes('--when-stale') || isStale()) {
  const startedAt = performance.now()
  await build({ ...bundle, root: here })
  const count = compress()
  stderr.write(`built ${count} files into packages/dashboard/dist in ${Math.round(performance.now() - startedAt)} ms\n`)
}
