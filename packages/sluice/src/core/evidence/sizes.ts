/** Reads sizes of what was built: size-limit's JSON, webpack's stats, esbuild's metafile, and plain `{ files: [{ path, bytes, gzipBytes }] }`. */
import { limits } from '../limits.ts'
import { countAt, type JsonObject, listAt, numberOf, objectAt, parseJson, textAt, textOf } from './json.ts'
import { type ReportContext, toldName, toldPath, unreadable } from './told.ts'
import type { FileSize, SizeContent } from './types.ts'

/** The sizes in a report. */
export const readSizes = (text: string, context: ReportContext): SizeContent => {
  const value = parseJson(text, context)
  return sizeContent(
    Array.isArray(value)
      ? value.map((one, index) => sizeLimit(objectAt(one, context, `[${index}]`), `[${index}]`, context))
      : ofObject(objectAt(value, context, ''), context),
    context,
  )
}

const ofObject = (report: JsonObject, context: ReportContext): readonly FileSize[] => {
  if (report['outputs'] !== undefined) {
    return Object.entries(objectAt(report['outputs'], context, 'outputs')).map(([path, value]) => ({
      path: toldPath(path, context.root),
      bytes: countAt(
        objectAt(value, context, `outputs[${JSON.stringify(path)}]`)['bytes'],
        context,
        `outputs[${JSON.stringify(path)}].bytes`,
      ),
      compressedBytes: null,
    }))
  }
  const [key, name, bytes] =
    report['assets'] === undefined ? (['files', 'path', 'bytes'] as const) : (['assets', 'name', 'size'] as const)
  return listAt(report[key], context, key).map((value, index) => {
    const at = `${key}[${index}]`
    const file = objectAt(value, context, at)
    const compressed = file['gzipBytes'] ?? file['brotliBytes']
    return {
      path: toldPath(textAt(file[name], context, `${at}.${name}`), context.root),
      bytes: countAt(file[bytes], context, `${at}.${bytes}`),
      compressedBytes:
        compressed === undefined || compressed === null ? null : countAt(compressed, context, `${at}.gzipBytes`),
    }
  })
}

/** size-limit measures what travels: compressed unless its config says otherwise. */
const sizeLimit = (entry: JsonObject, at: string, context: ReportContext): FileSize => {
  const path = toldName(textAt(entry['name'] ?? entry['path'], context, `${at}.name`))
  if (entry['bytes'] !== undefined)
    return {
      path,
      bytes: countAt(entry['bytes'], context, `${at}.bytes`),
      compressedBytes: numberOf(entry['gzipBytes']),
    }
  const size = countAt(entry['size'], context, `${at}.size`)
  const isRaw = entry['brotli'] === false && entry['gzip'] !== true && textOf(entry['compression']) === null
  return isRaw ? { path, bytes: size, compressedBytes: null } : { path, bytes: null, compressedBytes: size }
}

/** What a list of sizes comes to. */
export const sizeContent = (files: readonly FileSize[], context: ReportContext): SizeContent => {
  if (files.length > limits.reportEntriesMax) throw unreadable(context, `more than ${limits.reportEntriesMax} files`)
  return { kind: 'sizes', files, gaps: [] }
}
