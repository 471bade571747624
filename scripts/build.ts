/**
 * `npm run build`: emits what is published into `packages/sluice/dist`: few files of code, because Node takes longer to find and link some hundred modules than to
 * run them; declarations for those who write a config; and what the program needs beside its code.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { execPath, exit } from 'node:process'
import { fileURLToPath } from 'node:url'
import { type ChunkingContext, type Plugin, rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'packages/sluice/src')
const target = join(root, 'packages/sluice/dist')
const bundle = join(target, 'bundle')

/** Files that are found by their place: imported from outside, or started as processes and threads. */
const entries: readonly string[] = [
  'index',
  'main',
  'core/config/define',
  'gateway/bin',
  'adapters/config/evaluate',
  'adapters/security/step-bin',
  ...readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('worker.ts'))
    .map((path) => path.slice(0, -'.ts'.length)),
]

const declare = (): void => {
  rmSync(target, { recursive: true, force: true })
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
  if (status !== 0) exit(1)
}

/** Places are told as if each module still lay where it was written: what is beside it is found by that. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  transform: (code, id) => {
    if (!code.includes('import.meta.url')) return null
    const place = relative(bundle, join(target, relative(source, id))).replace(/\.ts$/, '.js')
    return code
      .replaceAll(/new URL\((['"`])([^'"`]+)\.ts\1, import\.meta\.url\)/g, 'new URL($1$2.js$1, import.meta.url)')
      .replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, import.meta.url).href`)
  },
}

/** The one library that is bundled: most of its hundred files are never used, and hold 5 MB of each process that loads it as it is installed. */
const within = 'zod'

/** V8 keeps a source with one character beyond Latin-1 in two bytes for each of its characters, for as long as the process lives: a megabyte of a control plane. */
const narrow = (code: string): string => {
  // What an escape would change the meaning of: an escaped character, and text that is taken as it is written.
  const odd = /\\[^\0-\x7f].*|String\.raw`[^`]*[^\0-\x7f`]/.exec(code)
  if (odd !== null) throw new Error(`cannot be written in ASCII: ${odd[0]}`)
  return code.replaceAll(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const flat = (entry: string): string => entry.replaceAll('/', '-')

const fileOf = (entry: string): string => join(source, `${entry}.ts`)

/** What is needed to begin with, and what every command needs that works in its own process, are one file each: what is loaded together lies together. */
const stages: Readonly<Record<string, readonly string[]>> = {
  begin: ['main'],
  work: ['state', 'serve', 'cli/connect', 'cli/commands/run', 'cli/commands/follow'],
}

/** Which stage a module belongs to: the first that loads it without being asked. */
const stageOf = (id: string, context: ChunkingContext): string | null => {
  // An entry waits for what it started, which must not wait for the entry.
  if (!id.startsWith(source) || entries.some((entry) => fileOf(entry) === id)) return null
  for (const [stage, roots] of Object.entries(stages)) {
    const known =
      closures.get(stage) ?? closureOf(roots.map(fileOf), (one) => context.getModuleInfo(one)?.importedIds ?? [])
    closures.set(stage, known)
    if (known.has(id)) return stage
  }
  return null
}

const closures = new Map<string, ReadonlySet<string>>()

const closureOf = (roots: readonly string[], importsOf: (id: string) => readonly string[]): ReadonlySet<string> => {
  const found = new Set(roots)
  for (const id of found) for (const imported of importsOf(id)) found.add(imported)
  return found
}

/** Threads and small programs are one file each: they are started often, and nothing that they need is loaded there already. */
const alone: readonly string[] = entries.filter((entry) => /(?:worker|bin)$/.test(entry))

const emitOnce = async (some: readonly string[]): Promise<void> => {
  const made = await rolldown({
    input: Object.fromEntries(some.map((entry) => [flat(entry), fileOf(entry)])),
    platform: 'node',
    external: (id) => /^[^./]/.test(id) && !(id === within || id.startsWith(`${within}/`)),
    plugins: [keepPlaces],
  })
  const isAlone = some.length === 1
  await made.write({
    dir: bundle,
    format: 'esm',
    comments: { jsdoc: false, annotation: false },
    entryFileNames: '[name].js',
    chunkFileNames: isAlone ? `${flat(some[0] ?? '')}-[name]-[hash].js` : '[name]-[hash].js',
    ...(isAlone ? {} : { codeSplitting: { groups: [{ name: stageOf, debugName: 'stages' }] } }),
  })
  await made.close()
}

const emit = async (): Promise<void> => {
  await emitOnce(entries.filter((entry) => !alone.includes(entry)))
  for (const entry of alone) await emitOnce([entry])
  for (const file of readdirSync(bundle).map((name) => join(bundle, name)))
    writeFileSync(file, narrow(readFileSync(file, 'utf8')))
  for (const entry of entries) {
    const path = join(target, `${entry}.js`)
    mkdirSync(dirname(path), { recursive: true })
    const place = relative(dirname(path), join(bundle, `${flat(entry)}.js`))
    writeFileSync(path, `export * from ${JSON.stringify(place.startsWith('.') ? place : `./${place}`)}\n`)
  }
}

/** What was read by one schema is not taken for what another would make of it: `adapters/config/remembered.ts` tells them apart by the names in this folder. */
const stampSchema = (): void => {
  const hash = createHash('sha256')
  const folder = join(source, 'core/config')
  for (const name of readdirSync(folder).toSorted()) hash.update(readFileSync(join(folder, name)))
  writeFileSync(join(target, 'core/config', `schema-${hash.digest('hex').slice(0, 16)}`), '')
}

/** What the program needs beside its code: the sample service that `sluice demo` ships, the dashboard, the pages that `sluice explain` reads, the papers. */
const copyBeside = (): void => {
  const isSource = (path: string): boolean =>
    !/(?:^|\/)(?:node_modules|dist|\.sluice)(?:\/|$)/.test(path.slice(join(root, 'examples').length))
  const examples = join(root, 'packages/sluice/examples')
  rmSync(examples, { recursive: true, force: true })
  cpSync(join(root, 'examples/storefront'), join(examples, 'storefront'), { recursive: true, filter: isSource })
  cpSync(join(root, 'packages/dashboard/dist'), join(target, 'dashboard'), { recursive: true })
  cpSync(join(root, 'docs'), join(root, 'packages/sluice/docs'), { recursive: true })
  // Its licence asks for its text beside what is taken from it.
  cpSync(join(root, 'node_modules', within, 'LICENSE'), join(bundle, `LICENSE.${within}`))
  for (const paper of ['README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(root, paper), join(root, 'packages/sluice', paper))
}

/** The dashboard is bundled by its own build, in its own words. */
const bundleDashboard = (): void => {
  const { status } = spawnSync(execPath, [join(root, 'packages/dashboard/build.ts')], { stdio: 'inherit' })
  if (status !== 0) exit(1)
}

declare()
bundleDashboard()
await emit()
stampSchema()
copyBeside()
process.stdout.write(`built ${readdirSync(target, { recursive: true }).length} files into packages/sluice/dist\n`)
