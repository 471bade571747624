/** What a job keeps: artifacts and reports for later jobs and gates, caches for later runs. */
import type { KeyedCachePlan, PlannedArtifact, PlannedReport } from '../../../core/pipeline/job-plan.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { durationMs } from './duration.ts'
import type { PipelineJob } from './jobs.ts'
import type { Notes } from './notes.ts'
import { booleanOf, itemsOf, type MapTree, type Tree, textOf, textsOf, valueOf } from './tree.ts'
import type { Filler } from './variables.ts'

type When = PlannedArtifact['when']

const whenOf = (tree: Tree | null): When => {
  const text = textOf(valueOf(tree, 'when'))
  return text === 'always' ? 'always' : text === 'on_failure' ? 'failure' : 'success'
}

/** A path as it counts from the checkout: `$CI_PROJECT_DIR/dist` and `./dist/` are `dist`. */
const relative = (path: string, filler: Filler): string =>
  filler
    .text(path)
    .replace(/^\$CI_PROJECT_DIR(?:\/|$)/, '')
    .replace(/^(?:\.\/)+/, '')
    .replace(/(?<=.)\/+$/, '') || '.'

const pathsOf = (tree: Tree | null, filler: Filler): readonly string[] =>
  textsOf(tree).map((path) => relative(path, filler))

/** The archive of a job; none where it names no files. `pages` keeps the folder that it publishes. */
export const artifactsOf = ({ name, tree, filler }: PipelineJob): readonly PlannedArtifact[] => {
  const artifacts = valueOf(tree, 'artifacts')
  const untracked = booleanOf(valueOf(artifacts, 'untracked')) === true
  const published = publishedFolder(tree, name)
  const written = pathsOf(valueOf(artifacts, 'paths'), filler)
  const paths = published === null || written.includes(published) ? written : [...written, published]
  if (paths.length === 0 && !untracked) return []
  const expireIn = textOf(valueOf(artifacts, 'expire_in'))
  return [
    {
      name: filler.text(textOf(valueOf(artifacts, 'name')) ?? name),
      paths,
      exclude: pathsOf(valueOf(artifacts, 'exclude'), filler),
      excludesExactly: true,
      glob: true,
      when: whenOf(artifacts),
      ifMissing: 'warn',
      expireMs: expireIn === null ? null : durationMs(filler.text(expireIn)),
      ...(untracked ? { untracked } : {}),
    },
  ]
}

const publishedFolder = (tree: MapTree, name: string): string | null => {
  const pages = valueOf(tree, 'pages')
  const isPages = pages === null ? name === 'pages' : booleanOf(pages) !== false
  if (!isPages) return null
  return textOf(valueOf(pages, 'publish')) ?? textOf(valueOf(tree, 'publish')) ?? 'public'
}

/** Reports by format. GitLab's own security reports keep GitLab's names. */
export const reportsOf = ({ tree, filler }: PipelineJob): readonly PlannedReport[] => {
  const reports = valueOf(valueOf(tree, 'artifacts'), 'reports')
  if (reports?.kind !== 'map') return []
  return [...reports.entries].flatMap(([name, { value }]): readonly PlannedReport[] => {
    if (name === 'dotenv') return []
    if (name !== 'coverage_report') return [{ format: formats[name] ?? name, paths: pathsOf(value, filler) }]
    const format = textOf(valueOf(value, 'coverage_format')) ?? 'cobertura'
    return [{ format, paths: pathsOf(valueOf(value, 'path'), filler) }]
  })
}

const formats: Readonly<Record<string, string>> = {
  sast: 'gitlab-sast',
  dast: 'gitlab-dast',
  codequality: 'gitlab-codequality',
  secret_detection: 'gitlab-secret-detection',
  dependency_scanning: 'gitlab-dependency-scanning',
  container_scanning: 'gitlab-container-scanning',
  cluster_image_scanning: 'gitlab-cluster-image-scanning',
  coverage_fuzzing: 'gitlab-coverage-fuzzing',
  api_fuzzing: 'gitlab-api-fuzzing',
}

/** Files of `reports:dotenv`. */
export const dotenvOf = ({ tree, filler }: PipelineJob): readonly string[] =>
  pathsOf(valueOf(valueOf(valueOf(tree, 'artifacts'), 'reports'), 'dotenv'), filler)

/** Checks keys and values of artifacts and caches, once for all legs. */
export const checkStorage = (tree: MapTree, key: string, notes: Notes): void => {
  const artifacts = valueOf(tree, 'artifacts')
  const path = `${key}.artifacts`
  checkKeys(artifacts, 'artifacts', { key: path, notes })
  const reports = valueOf(artifacts, 'reports')
  checkKeys(reports, 'reports', { key: `${path}.reports`, notes })
  checkKeys(valueOf(reports, 'coverage_report'), 'coverage_report', { key: `${path}.reports.coverage_report`, notes })
  if (artifacts?.kind === 'map') {
    checkPaths(artifacts, path, notes)
    checkOneOf(artifacts, { key: path, name: 'when', values: ['on_success', 'on_failure', 'always'] }, notes)
    const expireIn = textOf(valueOf(artifacts, 'expire_in'))
    if (expireIn !== null && expireIn !== 'never' && !expireIn.includes('$') && durationMs(expireIn) === null)
      expected(notes, spotOf(artifacts, path, 'expire_in'), 'a duration, such as 1 week, or never')
  }
  for (const [index, cache] of cachesIn(tree).entries()) {
    checkKeys(cache, 'cache', { key: `${key}.cache[${index}]`, notes })
    checkPaths(cache, `${key}.cache[${index}]`, notes)
    const cacheKey = valueOf(cache, 'key')
    checkKeys(cacheKey, 'cache key', { key: `${key}.cache[${index}].key`, notes })
    const { length } = itemsOf(valueOf(cacheKey, 'files'))
    if (length > 2)
      notes.error(
        spotOf(cache, `${key}.cache[${index}]`, 'key'),
        `cache:key:files takes two files at most, not ${length}`,
      )
    checkOneOf(cache, { key: `${key}.cache`, name: 'when', values: ['on_success', 'on_failure', 'always'] }, notes)
    checkOneOf(cache, { key: `${key}.cache`, name: 'policy', values: ['pull', 'push', 'pull-push'] }, notes)
  }
}

const checkPaths = (tree: MapTree, key: string, notes: Notes): void => {
  const paths = valueOf(tree, 'paths')
  if (paths !== null && paths.kind !== 'list') expected(notes, spotOf(tree, key, 'paths'), 'a list of paths')
}

const checkOneOf = (
  tree: MapTree,
  { key, name, values }: { readonly key: string; readonly name: string; readonly values: readonly string[] },
  notes: Notes,
): void => {
  const text = textOf(valueOf(tree, name))
  if (text !== null && !text.includes('$') && !values.includes(text))
    expected(notes, spotOf(tree, key, name), `one of ${values.join(', ')}`)
}

const cachesIn = (tree: MapTree): readonly MapTree[] =>
  itemsOf(valueOf(tree, 'cache')).filter((item) => item.kind === 'map')

/** The caches of a job. `CACHE_FALLBACK_KEY` is tried last. */
export const cachesOf = ({ tree, filler, variables }: PipelineJob): readonly KeyedCachePlan[] => {
  const general = variables.has('CACHE_FALLBACK_KEY') ? [filler.text('$CACHE_FALLBACK_KEY')] : []
  return cachesIn(tree).flatMap((cache): readonly KeyedCachePlan[] => {
    const paths = pathsOf(valueOf(cache, 'paths'), filler)
    if (paths.length === 0) return []
    const key = valueOf(cache, 'key')
    const keyFiles = pathsOf(valueOf(key, 'files') ?? valueOf(key, 'files_commits'), filler)
    const prefix = textOf(valueOf(key, 'prefix'))
    const text = keyFiles.length === 0 ? (textOf(key) ?? 'default') : (prefix ?? '')
    const policy = filler.text(textOf(valueOf(cache, 'policy')) ?? 'pull-push')
    return [
      {
        key: filler.text(text),
        restoreKeys: [
          ...new Set([...textsOf(valueOf(cache, 'fallback_keys')).map((one) => filler.text(one)), ...general]),
        ],
        isExact: true,
        keyFiles,
        paths,
        policy: policy === 'pull' || policy === 'push' ? policy : 'pull-push',
        when: whenOf(cache),
      },
    ]
  })
}
