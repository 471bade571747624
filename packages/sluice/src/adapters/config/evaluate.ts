/**
 * Main file of the child process that evaluates a config: `node evaluate.ts <file>`. Writes one JSON line to file descriptor 3, so that whatever
 * the config prints cannot be mistaken for its value. `import … from 'sluice'` is answered with this very package, so a project
 * needs no node_modules to have a config.
 */
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { errorOutcome, type Outcome, valueOutcome } from './outcome.ts'

const own = new URL('../../core/config/define.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'sluice' || specifier === 'sluice/config'
      ? { url: own, shortCircuit: true }
      : next(specifier, context),
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

writeSync(3, JSON.stringify(await evaluate()))
// A config that left a timer or a socket behind must not hold its reader up.
process.exit(0)
