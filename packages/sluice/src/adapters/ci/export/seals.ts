/** Artifacts handed over by digest: the job that makes one writes a list of the SHA-256 of its files and says the digest of that list; the job that takes it checks both. */
import type { PlannedArtifact } from '../../../core/pipeline/job-plan.ts'
import type { ExportUnit } from './pipeline-shape.ts'

/** First line of everything that an export adds to a script, so that reading it back can leave it out. */
export const generatedMark = '# sluice:'

/** The file with the list; it is part of the artifact. */
export const sealFile = (id: string): string => `.sluice-seals/${id}.sha256`

/** The variable or output with the digest of the list. */
export const sealName = (id: string): string => `SLUICE_SEAL_${id.replaceAll(/\W/g, '_').toUpperCase()}`

/** Shell lines that write the list of an artifact's files and give its digest to `tell`. */
export const sealLines = (id: string, artifacts: readonly PlannedArtifact[], tell: string): string => {
  const paths = artifacts.flatMap(({ paths: own }) => own)
  return [
    `${generatedMark} the digests of what is handed on`,
    'shopt -s globstar nullglob dotglob',
    'mkdir -p .sluice-seals',
    `{ find ${paths.map(shellPath).join(' ')} -type f -print0 2>/dev/null || true; } | sort -zu | xargs -0 -r sha256sum > ${sealFile(id)}`,
    tell.replace('{digest}', `$(sha256sum ${sealFile(id)} | cut -d' ' -f1)`),
  ].join('\n')
}

/** Shell lines that check what was taken from a job. `digest` is how the shell says the digest. */
export const checkLines = (id: string, digest: string): string =>
  [
    `echo "${digest}  ${sealFile(id)}" | sha256sum --check --quiet`,
    `if [ -s ${sealFile(id)} ]; then sha256sum --check --quiet ${sealFile(id)}; fi`,
  ].join('\n')

/** Jobs that hand on artifacts that can be sealed. Legs of a matrix are one job in the exported file and have no digest each; excluded files and files that git does not know are not worked out by a shell. */
export const sealedJobs = (units: readonly ExportUnit[]): ReadonlySet<string> =>
  new Set(
    units.flatMap((unit) => {
      if (unit.kind === 'matrix') return []
      const { name, artifacts } = unit.job
      const isHandedOn = artifacts.some(({ paths, when }) => paths.length > 0 && when !== 'failure')
      return isHandedOn && artifacts.every(({ exclude, untracked }) => exclude.length === 0 && untracked !== true)
        ? [name]
        : []
    }),
  )

/** Globs stay globs; anything else is quoted. */
const shellPath = (path: string): string =>
  `./${path.replaceAll(/[^\w./*?[\]{},-]/g, String.raw`\$&`).replace(/^\.\//, '')}`
