/** Versions of Node as people write them: in workflows, `.nvmrc`, `.tool-versions`, `package.json`. */
import { coerce, maxSatisfying, validRange } from 'semver'

/** What is asked for, as a range or one of `lts/*`, `latest`; empty for anything. */
export const wantedVersion = (written: string): string => {
  const text = written.trim().replace(/^v(?=\d)/, '')
  if (text === '' || /^(?:latest|node|current)$/.test(text)) return text === '' ? '' : 'latest'
  const named = /^lts\/(\w+)$/.exec(text)?.[1]?.toLowerCase()
  return named === undefined ? text : (codeNames[named] ?? text)
}

/** The best of what there is for what is asked for; null for none. `lts/*` is the newest of an even major. */
export const bestVersion = <Candidate extends { readonly version: string }>(
  candidates: readonly Candidate[],
  wanted: string,
): Candidate | null => {
  const fitting = wanted.startsWith('lts/')
    ? candidates.filter(({ version }) => (coerce(version)?.major ?? 1) % 2 === 0)
    : candidates
  const range = wanted.startsWith('lts/') || wanted === 'latest' ? '*' : validRange(wanted)
  if (range === null) return null
  const best = maxSatisfying(
    fitting.map(({ version }) => version),
    range,
  )
  return fitting.find(({ version }) => version === best) ?? null
}

/** The version that a file names. Throws an `Error` where it names none. */
export const versionIn = (file: string, text: string): string => {
  const found = file.endsWith('package.json') ? versionInManifest(text) : versionInLines(text)
  if (found === null || found === '') throw new Error(`${file} names no version of Node`)
  return found
}

const codeNames: Readonly<Record<string, string>> = {
  fermium: '14',
  gallium: '16',
  hydrogen: '18',
  iron: '20',
  jod: '22',
  krypton: '24',
}

const versionInLines = (text: string): string | null => {
  for (const line of text.split('\n')) {
    const [, name, version] = /^\s*(?:(node|nodejs)\s+)?(v?\S+)/.exec(line.replace(/#.*$/, '')) ?? []
    if (version !== undefined && (name !== undefined || /^v?\d|^lts|^latest|^node$/.test(version))) return version
  }
  return null
}

const versionInManifest = (text: string): string | null => {
  const manifest: unknown = JSON.parse(text)
  for (const path of [
    ['volta', 'node'],
    ['devEngines', 'runtime', 'version'],
    ['engines', 'node'],
  ]) {
    const value = path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), manifest)
    if (typeof value === 'string') return value
  }
  return null
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
