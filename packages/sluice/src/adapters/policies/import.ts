/** Reads the policy of another system from a file, and gives the text of one of Sluice's. */
import { readFile, stat } from 'node:fs/promises'
import { SluiceError } from '../../core/errors.ts'
import { readArgo } from '../../core/judge/argo/template.ts'
import { readKayenta } from '../../core/judge/kayenta/config.ts'
import { usualStage } from '../../core/judge/kayenta/policy.ts'
import { policyOf, type PolicyFile, type PolicySource, renderPolicyFile } from '../../core/judge/policy-file.ts'
import { limits } from '../../core/limits.ts'

/** A policy that was read. */
export type ImportedPolicy = {
  /** Of the canary config or the template. */
  readonly name: string
  readonly text: string
  readonly notes: readonly string[]
  readonly semantics: readonly string[]
}

/** Reads `path`; `shown` is what the file is called in the text. `not_found`, `config_invalid`. */
export const importPolicy = async (
  kind: 'kayenta' | 'argo',
  { path, shown }: { readonly path: string; readonly shown: string },
): Promise<ImportedPolicy> => {
  const { file, notes } = kind === 'kayenta' ? readCanary(await textOf(path)) : await readTemplate(await textOf(path))
  const source: PolicySource = { from: shown, notes }
  const { name, semantics } = policyOf(file)
  return { name, notes, semantics, text: renderPolicyFile(file, source) }
}

type Read = { readonly file: PolicyFile; readonly notes: readonly string[] }

const textOf = async (path: string): Promise<string> => {
  const found = await stat(path).catch(() => null)
  if (found?.isFile() !== true) throw new SluiceError('not_found', { detail: `there is no file ${path}` })
  if (found.size > limits.policyBytesMax)
    throw new SluiceError('config_invalid', {
      detail: `${path} has ${found.size} bytes; a policy has at most ${limits.policyBytesMax}`,
    })
  return readFile(path, 'utf8')
}

const readCanary = (text: string): Read => {
  const { config, notes } = readKayenta(text)
  const stage =
    'the lifetime, interval and warm-up of the pipeline are not in a canary config: 3 h, 60 min and 0 were taken'
  return { file: { kind: 'kayenta', config, stage: usualStage }, notes: [...notes, stage] }
}

const readTemplate = async (text: string): Promise<Read> => {
  const { parseAllDocuments } = await import('yaml')
  const documents = parseAllDocuments(text, { logLevel: 'silent' })
  const templates: unknown[] = []
  for (const document of Array.isArray(documents) ? documents : []) {
    const [problem] = document.errors
    if (problem !== undefined)
      throw new SluiceError('config_invalid', { detail: `this is not YAML: ${problem.message}` })
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    if (isTemplate(value)) templates.push(value)
  }
  const [only] = templates
  if (only === undefined || templates.length > 1)
    throw new SluiceError('config_invalid', {
      detail: `there are ${templates.length} AnalysisTemplates in the file, and a policy is one`,
    })
  const { template, notes } = readArgo(only)
  return { file: { kind: 'argo', template }, notes }
}

const isTemplate = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  (value.kind === 'AnalysisTemplate' || value.kind === 'ClusterAnalysisTemplate')
