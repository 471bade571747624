/** Which form of the program is measured: what is published, when it was built, else the sources. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The program by its words. */
export type Program = {
  readonly form: 'built' | 'source'
  readonly words: readonly string[]
  readonly folder: string | null
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What `npm run build` made, laid out as an installation would be (a clone's own bin runs the sources); the sources where nothing was built. */
export const chooseProgram = (): Program => {
  const own = join(root, 'packages/sluice')
  if (!existsSync(join(own, 'dist/main.js')))
    return { form: 'source', words: [process.execPath, join(own, 'bin/sluice.js')], folder: null }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-installed-'))
  const installed = join(folder, 'lib/sluice')
  mkdirSync(installed, { recursive: true })
  for (const part of ['bin', 'dist', 'docs', 'package.json'])
    if (existsSync(join(own, part))) cpSync(join(own, part), join(installed, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'lib/node_modules'))
  return { form: 'built', words: [process.execPath, join(installed, 'bin/sluice.js')], folder }
}
