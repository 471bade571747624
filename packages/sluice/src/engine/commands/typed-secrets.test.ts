import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../core/limits.ts'
import { runId } from '../../core/model.ts'
import type { SecretSource } from '../../ports/secrets.ts'
import { createTypedSecrets, withoutValues } from './typed-secrets.ts'

const { signal } = new AbortController()
const kept: SecretSource = {
  versions: async (names) => Object.fromEntries(names.map((name) => [name, `${name} 1`])),
  values: async (versions) =>
    Object.fromEntries(Object.values(versions).map((text) => [text.split(' ')[0], `kept ${text}`])),
}
const valuesOf = async (source: SecretSource, names: readonly string[]): Promise<unknown> =>
  source.values(await source.versions(names, signal), signal)

test('what was typed for a run is over what is kept, for that run only', async () => {
  const typed = createTypedSecrets()
  typed.hold(runId('run_1'), { TOKEN: 'mine' })
  deepEqual(await valuesOf(typed.over(runId('run_1'), kept), ['TOKEN', 'KEY']), { KEY: 'kept KEY 1', TOKEN: 'mine' })
  deepEqual(await valuesOf(typed.over(runId('run_2'), kept), ['TOKEN']), { TOKEN: 'kept TOKEN 1' })
})

test('the oldest runs are let go of', async () => {
  const typed = createTypedSecrets()
  for (let number = 0; number <= limits.typedSecretRunsMax; number += 1)
    typed.hold(runId(`run_${number}`), { TOKEN: 'mine' })
  deepEqual(await valuesOf(typed.over(runId('run_0'), kept), ['TOKEN']), { TOKEN: 'kept TOKEN 1' })
  deepEqual(await valuesOf(typed.over(runId('run_1'), kept), ['TOKEN']), { TOKEN: 'mine' })
})

test('what is kept of a request has names of secrets and no values', () => {
  deepEqual(withoutValues({ file: 'ci.yml', secrets: { A: 'x', B: null }, secretFiles: { C: 'y' } }), {
    file: 'ci.yml',
    secrets: ['A', 'B'],
    secretFiles: ['C'],
  })
})
