/** Everything about a job that can be wrong or different here, whether it takes part or not. */
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { checkEnvironment } from './environment.ts'
import { keyRows, type KeyScope } from './keys.ts'
import { checkJobValues } from './lower-job.ts'
import type { Notes } from './notes.ts'
import { checkServices } from './services.ts'
import { checkStorage } from './storage.ts'
import { hasKey, integerOf, type MapTree, type Tree, textOf, valueOf } from './tree.ts'

/** Notes what is unknown, refused or read differently in a job. */
export const checkJob = (
  job: MapTree,
  name: string,
  { notes, images }: { readonly notes: Notes; readonly images: 'note' | 'refuse' },
): void => {
  const at = (key: string): { readonly key: string; readonly notes: Notes } => ({ key: `${name}.${key}`, notes })
  checkKeys(job, 'job', { key: name, notes })
  checkVariables(valueOf(job, 'variables'), { key: `${name}.variables`, scope: 'job variable' }, notes)
  for (const scope of ['inherit', 'image', 'hooks'] as const) checkKeys(valueOf(job, scope), scope, at(scope))
  if (valueOf(job, 'pages')?.kind === 'map') checkKeys(valueOf(job, 'pages'), 'pages', at('pages'))
  if (images === 'refuse' && hasKey(job, 'image'))
    notes.refuse(spotOf(job, name, 'image'), `image is refused, as was asked for: ${keyRows('job')['image']?.[1]}`)
  checkEnvironment(job, name, notes)
  checkServices(job, name, notes)
  checkStorage(job, name, notes)
  checkJobValues(job, name, notes)
  checkCheckout(job, name, notes)
}

/** Notes variables that are none. */
export const checkVariables = (
  variables: Tree | null,
  { key, scope }: { readonly key: string; readonly scope: KeyScope },
  notes: Notes,
): void => {
  if (variables === null) return
  if (variables.kind !== 'map') return expected(notes, { key, place: variables.place }, 'names with values')
  for (const [name, { at, value }] of variables.entries) {
    const spot = { key: `${key}.${name}`, place: at }
    if (value.kind === 'list') expected(notes, spot, 'a text or a number')
    checkKeys(value, scope, { key: spot.key, notes })
    const options = valueOf(value, 'options')
    const chosen = textOf(valueOf(value, 'value')) ?? ''
    if (options?.kind === 'list' && !options.items.some((option) => textOf(option) === chosen))
      expected(notes, spot, `a value that is one of the options, not "${chosen}"`)
  }
}

/** The checkout is made before the job, whole and without submodules' credentials; variables that say otherwise change nothing. */
export const checkCheckout = (holder: MapTree, name: string, notes: Notes): void => {
  const variables = valueOf(holder, 'variables')
  if (variables?.kind !== 'map') return
  const key = name === '' ? 'variables' : `${name}.variables`
  const strategy = textOf(valueOf(variables, 'GIT_STRATEGY'))
  if (strategy === 'none' || strategy === 'empty')
    notes.warn(spotOf(variables, key, 'GIT_STRATEGY'), `GIT_STRATEGY ${strategy}: the checkout is there all the same`)
  const depth = valueOf(variables, 'GIT_SUBMODULE_STRATEGY')
  if (textOf(depth) !== null && textOf(depth) !== 'none' && integerOf(depth) === null)
    notes.warn(spotOf(variables, key, 'GIT_SUBMODULE_STRATEGY'), 'GIT_SUBMODULE_STRATEGY: submodules are not fetched')
}
