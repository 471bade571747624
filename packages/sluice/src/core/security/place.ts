/** Checks of files, as rows of a table. */
import type { Finding, Severity } from './scan.ts'

/** What a rule of a table says about a place. */
export type Placed = {
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  readonly line: number | null
}

/** Findings of a file. The fingerprint is that of rule, file and message, so that it stays when lines move. */
export const findingsAt = (file: string, placed: readonly Placed[], help: string): readonly Finding[] =>
  placed.map(({ rule, severity, message, line }) => ({
    rule,
    severity,
    message,
    file,
    line,
    commit: null,
    excerpt: null,
    fingerprint: `${rule}:${file}:${message}`,
    help,
  }))

/** Names of variables that hold secrets. */
export const secretName: RegExp =
  /(?:secret|token|passw(?:or)?d|passphrase|api_?key|access_?key|private_?key|credential)s?$/i

/** Whether the value of a setting is written out, not taken from somewhere else when it runs. */
export const isLiteral = (value: string): boolean => value !== '' && !/^["']?\$|^\{\{|^["']{2}$/.test(value)

/** Whether an image is named without a version, or by one that moves. `scratch` and images by digest are neither. */
export const isFloatingImage = (image: string): boolean => {
  if (image === 'scratch' || image.includes('@sha256:') || image.includes('$') || image.includes('{{')) return false
  const last = image.slice(image.lastIndexOf('/') + 1)
  return !last.includes(':') || last.endsWith(':latest')
}
