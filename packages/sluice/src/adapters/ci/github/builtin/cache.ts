/** `actions/cache`, `actions/cache/restore` and `actions/cache/save`: folders under a key, from run to run. */
import { isYes, linesOf, moot, type BuiltIn, type BuiltInCall } from './action.ts'

/** Restores at once, and saves at the end of a job that succeeded, unless the very key was there. */
export const cache: BuiltIn = {
  inputs: {
    path: '',
    key: '',
    'restore-keys': '',
    'fail-on-cache-miss': 'false',
    'lookup-only': 'false',
    'save-always': 'false',
    ...moot('upload-chunk-size', 'enablecrossosarchive'),
  },
  run: async (call) => {
    const found = await restoreInto(call)
    const { state, frame, unit, inputs } = call
    const key = inputs['key'] ?? ''
    if (found === key) return
    state.posts.push({
      name: `Post ${unit.title}`,
      condition: isYes(inputs['save-always']) ? 'always()' : 'success()',
      frame,
      step: call.step,
      unit,
      run: (signal) => save({ ...call, signal }),
    })
  },
}

/** Restores only. */
export const restoreCache: BuiltIn = {
  inputs: {
    path: '',
    key: '',
    'restore-keys': '',
    'fail-on-cache-miss': 'false',
    'lookup-only': 'false',
    ...moot('enablecrossosarchive'),
  },
  run: async (call) => void (await restoreInto(call)),
}

/** Saves only. */
export const saveCache: BuiltIn = {
  inputs: { path: '', key: '', ...moot('upload-chunk-size', 'enablecrossosarchive') },
  run: async (call) => {
    required(call)
    await save(call)
  },
}

const restoreInto = async (call: BuiltInCall): Promise<string | null> => {
  const { state, unit, inputs, signal } = call
  const { key, paths } = required(call)
  const restoreKeys = linesOf(inputs['restore-keys'])
  const isLookup = isYes(inputs['lookup-only'])
  const found = await state.shell.restoreCache({ key, restoreKeys, paths, isLookup }, signal)
  unit.outputs['cache-primary-key'] = key
  unit.outputs['cache-hit'] = found === null ? '' : String(found === key)
  if (found === null) {
    state.shell.note(`Cache not found for input keys: ${[key, ...restoreKeys].join(', ')}`)
    if (isYes(inputs['fail-on-cache-miss']))
      throw new Error(`Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: ${key}`)
    return null
  }
  unit.outputs['cache-matched-key'] = found
  state.shell.note(
    isLookup ? `Cache found and can be restored from key: ${found}` : `Cache restored from key: ${found}`,
  )
  return found
}

const save = async (call: BuiltInCall): Promise<void> => {
  const { key, paths } = required(call)
  await call.state.shell.saveCache({ key, paths }, call.signal)
  call.state.shell.note(`Cache saved with key: ${key}`)
}

const required = ({ inputs }: BuiltInCall): { readonly key: string; readonly paths: readonly string[] } => {
  const key = inputs['key'] ?? ''
  const paths = linesOf(inputs['path'])
  if (key === '') throw new Error('Input required and not supplied: key')
  if (paths.length === 0) throw new Error('Input required and not supplied: path')
  if (key.length > keyLengthMax)
    throw new Error(`Key Validation Error: ${key} cannot be larger than ${keyLengthMax} characters.`)
  if (key.includes(',')) throw new Error(`Key Validation Error: ${key} cannot contain commas.`)
  return { key, paths }
}

/** GitHub's own bound. */
const keyLengthMax = 512
