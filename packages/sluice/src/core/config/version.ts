/** The version of a release. */
import { SluiceError } from '../errors.ts'
import type { CommitId } from '../model.ts'

/** The suggested expression of semver.org (SemVer 2.0.0, section 11 FAQ). */
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/

/** Whether the text is a SemVer 2.0.0 version. */
export const isSemver = (text: string): boolean => text.length <= 256 && semver.test(text)

/**
 * The version that a checkout names: the configured one, or that of its package.json (`packageJson` is the file's text, null when there is none).
 * A checkout without a package version is `0.0.0`. Throws `config_invalid` when package.json cannot be read or its version is no SemVer.
 */
export const checkoutVersion = (configured: string, packageJson: string | null): string =>
  configured === 'package.json' ? packageVersion(packageJson) : configured

/**
 * The version of a release: the checkout's, with the commit's first seven digits as build metadata (`1.4.0+3f2a1c9`), so that two commits of
 * one version are told apart, while SemVer precedence stays that of the version.
 */
export const releaseVersion = (version: string, commit: CommitId): string =>
  `${version}${version.includes('+') ? '.' : '+'}${commit.slice(0, 7)}`

const packageVersion = (packageJson: string | null): string => {
  if (packageJson === null) return '0.0.0'
  const version = readVersion(packageJson)
  if (version === undefined) return '0.0.0'
  if (typeof version === 'string' && isSemver(version)) return version
  throw new SluiceError('config_invalid', {
    detail: `The version of a release comes from package.json, and its version is ${JSON.stringify(version)}, which is not SemVer.`,
    hint: "Write a version such as 1.4.0 into package.json, or version: '1.4.0' into sluice.config.ts.",
  })
}

const readVersion = (packageJson: string): unknown => {
  let parsed: unknown
  try {
    parsed = JSON.parse(packageJson)
  } catch (cause) {
    throw new SluiceError('config_invalid', {
      detail: `The version of a release comes from package.json, and package.json is not JSON: ${cause instanceof Error ? cause.message : ''}`,
      hint: 'Mend package.json of this commit.',
      cause,
    })
  }
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined
}
