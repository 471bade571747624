/** Licences of what is installed. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LicenceExpression, PackageLicence } from '../../core/security/licence.ts'
import { limits } from '../../core/limits.ts'
import { recordOf, textOf } from './documents.ts'
import { expressionOf } from './licence-text.ts'

/**
 * Licences of all packages under node_modules, in npm's, yarn's and pnpm's layout, each name and version once, sorted. Null when there is no node_modules: what is not
 * installed says nothing.
 */
export const readLicences = async (
  directory: string,
  signal: AbortSignal,
): Promise<readonly PackageLicence[] | null> => {
  const folders = await packageFolders(join(directory, 'node_modules'), 'node_modules')
  if (folders === null) return null
  const [toExpression, { default: parse }] = await Promise.all([expressionOf(), import('spdx-expression-parse')])
  const found = new Map<string, PackageLicence>()
  for (let at = 0; at < folders.length; at += limits.filesOpenMax) {
    signal.throwIfAborted()
    const texts = await Promise.all(
      folders.slice(at, at + limits.filesOpenMax).map(async (folder) => {
        const text = await readFile(join(directory, folder, 'package.json'), 'utf8').catch(() => null)
        return { folder, manifest: manifestOf(text) }
      }),
    )
    for (const { folder, manifest } of texts) {
      const name = textOf(manifest['name'])
      const version = textOf(manifest['version'])
      if (name === null || version === null) continue
      const said = manifest['license'] ?? manifest['licenses']
      const text = toExpression(said)
      const expression: LicenceExpression | null = text === null ? null : parse(text)
      const written = text ?? textOf(said) ?? (said === undefined ? '' : JSON.stringify(said))
      if (!found.has(`${name}@${version}`))
        found.set(`${name}@${version}`, { name, version, expression, written, folder })
    }
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, licence]) => licence)
}

const manifestOf = (text: string | null): Readonly<Record<string, unknown>> => {
  try {
    return recordOf(JSON.parse(text ?? 'null'))
  } catch {
    return {}
  }
}

/** Folders of packages below a node_modules, those within packages as well. Symbolic links (workspaces, pnpm's own) lead to what is listed elsewhere. */
const packageFolders = async (path: string, shown: string): Promise<readonly string[] | null> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null)
  if (entries === null) return null
  const nested = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }): Promise<readonly string[]> => {
        const inner = join(path, name)
        const innerShown = `${shown}/${name}`
        if (name === '.pnpm') return pnpmFolders(inner, innerShown)
        if (name.startsWith('.')) return []
        if (name.startsWith('@')) return (await packageFolders(inner, innerShown)) ?? []
        const below = await packageFolders(join(inner, 'node_modules'), `${innerShown}/node_modules`)
        return [innerShown, ...(below ?? [])]
      }),
  )
  return nested.flat()
}

const pnpmFolders = async (path: string, shown: string): Promise<readonly string[]> => {
  const names = await readdir(path)
  const nested = await Promise.all(
    names.map((name) => packageFolders(join(path, name, 'node_modules'), `${shown}/${name}/node_modules`)),
  )
  return nested.flatMap((folders) => folders ?? [])
}
