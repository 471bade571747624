/**
 * `npm run build`: emits what is published into `packages/sluice/dist`. TypeScript rewrites the endings of imports; the endings in
 * `new URL('x.ts', import.meta.url)` (workers, child processes) are rewritten here.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath, exit } from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'packages/sluice/dist')

const compile = (): void => {
  rmSync(target, { recursive: true, force: true })
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
  if (status !== 0) exit(1)
}

const rewriteUrls = (): void => {
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.js')) continue
    const path = join(entry.parentPath, entry.name)
    const text = readFileSync(path, 'utf8')
    const rewritten = text.replaceAll(
      /new URL\((['"`])([^'"`]+)\.ts\1, import\.meta\.url\)/g,
      'new URL($1$2.js$1, import.meta.url)',
    )
    if (rewritten !== text) writeFileSync(path, rewritten)
  }
}

/** What the program needs beside its code: the sample service that `sluice demo` ships, the dashboard, the pages that `sluice explain` reads, the papers. */
const copyBeside = (): void => {
  const isSource = (path: string): boolean =>
    !/(?:^|\/)(?:node_modules|dist|\.sluice)(?:\/|$)/.test(path.slice(join(root, 'examples').length))
  const examples = join(root, 'packages/sluice/examples')
  rmSync(examples, { recursive: true, force: true })
  cpSync(join(root, 'examples/storefront'), join(examples, 'storefront'), { recursive: true, filter: isSource })
  cpSync(join(root, 'packages/dashboard/public'), join(target, 'dashboard'), { recursive: true })
  cpSync(join(root, 'docs'), join(root, 'packages/sluice/docs'), { recursive: true })
  for (const paper of ['README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(root, paper), join(root, 'packages/sluice', paper))
}

compile()
rewriteUrls()
copyBeside()
process.stdout.write(`built ${readdirSync(target, { recursive: true }).length} files into packages/sluice/dist\n`)
