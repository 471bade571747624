/** `environment`: where a job deploys, and what its variables then are. */
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { durationMs } from './duration.ts'
import type { Notes } from './notes.ts'
import { environmentSlug } from './slug.ts'
import { type MapTree, textOf, valueOf } from './tree.ts'
import type { Filler } from './variables.ts'

/** An environment of a job, filled in. */
export type GitlabEnvironment = {
  readonly name: string
  /** `$NAME` in it is a variable of the job's dotenv report. */
  readonly url: string | null
  readonly action: 'start' | 'prepare' | 'stop' | 'verify' | 'access'
  readonly onStop: string | null
  readonly autoStopMs: number | null
  readonly variables: readonly (readonly [string, string])[]
}

const actions = ['start', 'prepare', 'stop', 'verify', 'access'] as const

/** The environment of a job; null for none. */
export const environmentOf = (
  job: MapTree,
  { key, notes, filler }: { readonly key: string; readonly notes: Notes; readonly filler: Filler },
): GitlabEnvironment | null => {
  const written = valueOf(job, 'environment')
  if (written === null) return null
  const spot = spotOf(job, key, 'environment')
  const nameText = textOf(written.kind === 'map' ? valueOf(written, 'name') : written)
  if (nameText === null) {
    expected(notes, spot, 'the name of an environment')
    return null
  }
  const name = filler.text(nameText)
  const action = actions.find((one) => one === (textOf(valueOf(written, 'action')) ?? 'start'))
  if (action === undefined) expected(notes, spot, `action as one of ${actions.join(', ')}`)
  const tier = textOf(valueOf(written, 'deployment_tier')) ?? tierOf(name)
  const slug = environmentSlug(name)
  const urlText = textOf(valueOf(written, 'url'))
  const url =
    urlText === null
      ? null
      : filler.text(
          urlText.replaceAll(/\$\{?CI_ENVIRONMENT_(NAME|SLUG)\}?/g, (_, part) => (part === 'NAME' ? name : slug)),
          'kept',
        )
  const autoStop = textOf(valueOf(written, 'auto_stop_in'))
  return {
    name,
    url,
    action: action ?? 'start',
    onStop: textOf(valueOf(written, 'on_stop')),
    autoStopMs: autoStop === null ? null : durationMs(filler.text(autoStop)),
    variables: [
      ['CI_ENVIRONMENT_NAME', name],
      ['CI_ENVIRONMENT_SLUG', slug],
      ['CI_ENVIRONMENT_ACTION', action ?? 'start'],
      ['CI_ENVIRONMENT_TIER', tier],
      ...(url === null ? [] : ([['CI_ENVIRONMENT_URL', url]] as const)),
    ],
  }
}

/** Checks the keys of an environment. */
export const checkEnvironment = (job: MapTree, key: string, notes: Notes): void =>
  checkKeys(valueOf(job, 'environment'), 'environment', { key: `${key}.environment`, notes })

/** Checks that the jobs that end environments are there, and end them. */
export const checkStops = (jobs: ReadonlyMap<string, MapTree>, notes: Notes): void => {
  for (const [key, job] of jobs) {
    const environment = valueOf(job, 'environment')
    const onStop = textOf(valueOf(environment, 'on_stop'))
    if (onStop === null || environment?.kind !== 'map') continue
    const spot = spotOf(environment, `${key}.environment`, 'on_stop')
    const stopping = jobs.get(onStop)
    if (stopping === undefined) notes.error(spot, `on_stop names "${onStop}", and there is no such job`)
    else if (textOf(valueOf(valueOf(stopping, 'environment'), 'action')) !== 'stop')
      notes.error(spot, `on_stop names "${onStop}", whose environment has no action: stop`)
  }
}

/** GitLab guesses the tier from the name. Source: GitLab's `Environment#guess_tier`. */
const tierOf = (name: string): string => {
  if (/(dev|review|trunk)/i.test(name)) return 'development'
  if (/(test|tst|int|ac(ce|)pt|qa|qc|control|quality)/i.test(name)) return 'testing'
  if (/(st(a|)g|mod(e|)l|pre|demo|non)/i.test(name)) return 'staging'
  if (/(pr(o|)d|live)/i.test(name)) return 'production'
  return 'other'
}
