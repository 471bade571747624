/** `npm run docs`: writes the generated reference pages. The house test says when they are out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pages } from './docs/pages.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const read = (path: string): string => {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return ''
  }
}

for (const [path, render] of pages) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  const present = read(path)
  const wanted = render(present)
  if (wanted !== present) writeFileSync(join(root, path), wanted)
  process.stdout.write(`${wanted === present ? 'up to date' : 'written'}  ${path}\n`)
}
