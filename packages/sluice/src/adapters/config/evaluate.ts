/**
 * Main file of the child process that evaluates a config: `node evaluate.ts <file>`. Writes one JSON line to file descriptor 3, so that whatever
 * the config prints cannot be mistaken for its value. `import … from 'sluice'` is answered with this very package, so a project
 * needs no node_modules to have a config.
 */
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { argv } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Answer, errorOutcome, type Outcome, valueOutcome } from './outcome.ts'

const own = new URL('../../core/config/define.ts', import.meta.url).href

/** Parts of Node by which nobody learns anything about the world. */
const pureParts = new Set(['assert', 'path', 'url', 'util'])

const files = new Set<string>()
let isKnown = true

const note = (url: string): void => {
  if (url.startsWith('file:')) files.add(fileURLToPath(url))
  else isKnown &&= pureParts.has(url.replace(/^node:/, '').split('/', 1)[0] ?? '')
}

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === 'sluice' || specifier === 'sluice/config') return { url: own, shortCircuit: true }
    const found = next(specifier, context)
    note(found.url)
    return found
  },
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

const outcome = await evaluate()
const answer: Answer = { outcome, madeOf: isKnown ? [...files] : null }
writeSync(3, JSON.stringify(answer))
// A config that left a timer or a socket behind must not hold its reader up.
process.exit(0)
