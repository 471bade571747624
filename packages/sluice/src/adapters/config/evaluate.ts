/**
 * Main file of the child process that evaluates a config: `node evaluate.ts <file>`. Writes one JSON line to file descriptor 3, so that whatever
 * the config prints cannot be mistaken for its value. `import … from 'sluice'` is answered with this very package, so a project
 * needs no node_modules to have a config.
 */
import { readFileSync, writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { argv, exit } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Answer, errorOutcome, type Outcome, valueOutcome } from './outcome.ts'

const own = new URL('../../core/config/define.ts', import.meta.url).href

/** Parts of Node by which nobody learns anything about the world. */
const pureParts = new Set(['assert', 'path', 'url', 'util'])

/** What is there without an import, and by which one does. */
const worldly = [
  'Date',
  'EventSource',
  'WebSocket',
  'crypto',
  'fetch',
  'navigator',
  'performance',
  'process',
  'Temporal',
]

const files = new Set<string>()
let isKnown = true

/** Both what was asked for and where links led from there. Which file a package's name leads to is said by more than that file. */
const note = (url: string, specifier: string, parent: string | undefined): void => {
  if (!url.startsWith('file:')) {
    isKnown &&= pureParts.has(url.replace(/^node:/, '').split('/', 1)[0] ?? '')
    return
  }
  const asked = /^(?:\.{0,2}\/|file:)/.test(specifier) ? URL.parse(specifier, parent) : null
  if (asked === null) isKnown = false
  else files.add(fileURLToPath(asked)).add(fileURLToPath(url))
}

/** From here on, whoever takes one of these is noted. */
const watchWorld = (): void => {
  for (const name of worldly) {
    const found = Object.getOwnPropertyDescriptor(globalThis, name)
    if (found === undefined) continue
    const get = (): unknown => {
      isKnown = false
      return found.get === undefined ? found.value : found.get.call(globalThis)
    }
    const set = (value: unknown): void => {
      Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
    }
    Object.defineProperty(globalThis, name, { get, set, configurable: true, enumerable: found.enumerable === true })
  }
}

/** Whether a text can only be a module: CommonJS has no such lines. */
const isModule = (text: string): boolean => /^(?:import\s*[\w{*'"]|export\s)/m.test(text)

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === 'sluice' || specifier === 'sluice/config') return { url: own, shortCircuit: true }
    const found = next(specifier, context)
    note(found.url, specifier, context.parentURL)
    return found
  },
  // `npm init` writes "type": "commonjs" into the project, which says nothing of TypeScript that imports and exports.
  load: (url, context, next) =>
    context.format === 'commonjs-typescript' && isModule(readFileSync(fileURLToPath(url), 'utf8'))
      ? next(url, { ...context, format: 'module-typescript' })
      : next(url, context),
})

const [, , file = ''] = argv

const evaluate = async (): Promise<Outcome> => {
  try {
    const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href)
    return 'default' in module ? valueOutcome(await module['default']) : { kind: 'no_default' }
  } catch (error) {
    return errorOutcome(error, file)
  }
}

watchWorld()
const outcome = await evaluate()
const answer: Answer = { outcome, madeOf: isKnown ? [...files] : null }
writeSync(3, JSON.stringify(answer))
// A config that left a timer or a socket behind must not hold its reader up.
exit(0)
