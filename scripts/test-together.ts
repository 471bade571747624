/**
 * Files of tests in one process, one after the other: `node scripts/test-together.ts <file>…`. Each is a suite of its own, so that what a file does before and after its tests is done around
 * them alone; with `--test-isolation=none` it would be done around everybody's. A file that waits while it is loaded (`await` outside of a function) cannot be among them.
 */
import { createRequire, flushCompileCache } from 'node:module'
import { resolve } from 'node:path'
import { argv, stdout } from 'node:process'
import { describe } from 'node:test'
import { loadedLine } from './test-loaded.ts'

const load = createRequire(import.meta.url)
for (const file of argv.slice(2))
  describe(file, () => {
    // Not imported: tests of a file that is loaded at some later moment belong to no suite.
    load(resolve(file))
  })
flushCompileCache()
stdout.write(`${loadedLine}\n`)
