/** The page at `/`. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Where the page lies: beside this package in a clone, inside it once published. */
const places = ['../../../dashboard/public/index.html', '../../dashboard/index.html', '../dashboard/index.html']

/** The dashboard's page; a line that says so when it was not installed. */
export const page = async (): Promise<string> => {
  for (const place of places) {
    const text = await readFile(fileURLToPath(new URL(place, import.meta.url)), 'utf8').catch(() => null)
    if (text !== null) return text
  }
  return '<!doctype html><title>Sluice</title><p>The Sluice control plane runs here. Its dashboard is not part of this installation.'
}
