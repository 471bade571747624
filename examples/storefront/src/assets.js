/**
 * The static files, read once and named by their content: `site.css` is served as `/assets/site.1f3a9c0b2d.css`, for ever.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { extname } from 'node:path'

const types = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * @typedef {object} Assets
 * @property {(name: string) => string} url
 * @property {(file: string) => { body: Buffer, type: string, current: boolean } | undefined} find
 */

/**
 * @param {URL} folder
 * @returns {Assets}
 */
export const loadAssets = (folder) => {
  const byName = new Map()
  const byFile = new Map()
  for (const name of readdirSync(folder).toSorted()) {
    const body = readFileSync(new URL(name, folder))
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 10)
    const extension = extname(name)
    const file = `${name.slice(0, -extension.length)}.${hash}${extension}`
    byName.set(name, { file, body, type: types[extension] ?? 'application/octet-stream' })
    byFile.set(file, name)
  }
  return {
    url: (name) => `/assets/${byName.get(name).file}`,
    find: (file) => {
      // While two versions serve side by side, a page of one may ask the other for its style: ours is better than none.
      const name = byFile.get(file) ?? file.replace(/\.[0-9a-f]{10}(?=\.[a-z]+$)/, '')
      const asset = byName.get(name)
      return asset === undefined ? undefined : { body: asset.body, type: asset.type, current: byFile.has(file) }
    },
  }
}
