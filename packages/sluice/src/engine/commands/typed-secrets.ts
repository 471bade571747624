/** Secrets that somebody typed for one run. They are in memory only: a run that outlives this process asks the secret source, which may not have them. */
import { limits } from '../../core/limits.ts'
import type { RunId } from '../../core/model.ts'
import type { SecretSource } from '../../ports/secrets.ts'

type Values = Readonly<Record<string, string>>

/** The secrets of the runs of this process. */
export type TypedSecrets = {
  readonly hold: (run: RunId, values: Values) => void
  /** A source for one run: what was typed for it, and for other names what the given source has. */
  readonly over: (run: RunId, source: SecretSource) => SecretSource
}

/** None yet. The oldest are let go of when there are too many. */
export const createTypedSecrets = (): TypedSecrets => {
  const held = new Map<RunId, Values>()
  return {
    hold: (run, values) => {
      if (Object.keys(values).length === 0) return
      held.set(run, values)
      const [oldest] = held.keys()
      if (oldest !== undefined && held.size > limits.typedSecretRunsMax) held.delete(oldest)
    },
    over: (run, source) => {
      const values = held.get(run)
      return values === undefined ? source : overlaid(values, source)
    },
  }
}

/** A version that no source makes. */
const typedVersion = 'typed'

const overlaid = (values: Values, source: SecretSource): SecretSource => {
  const isTyped = (name: string): boolean => Object.hasOwn(values, name)
  return {
    versions: async (names, signal) => ({
      ...(await source.versions(
        names.filter((name) => !isTyped(name)),
        signal,
      )),
      ...Object.fromEntries(names.filter(isTyped).map((name) => [name, typedVersion])),
    }),
    values: async (versions, signal) => {
      const [typed, others] = [
        Object.keys(versions).filter((name) => versions[name] === typedVersion && isTyped(name)),
        Object.entries(versions).filter(([name, version]) => version !== typedVersion || !isTyped(name)),
      ]
      const found = await source.values(Object.fromEntries(others), signal)
      return { ...found, ...Object.fromEntries(typed.map((name) => [name, values[name] ?? ''])) }
    },
  }
}

/** A request without what nobody may keep: names stay, values go. */
export const withoutValues = <Asked extends { readonly secrets: object; readonly secretFiles: object }>(
  asked: Asked,
): Omit<Asked, 'secrets' | 'secretFiles'> & {
  readonly secrets: readonly string[]
  readonly secretFiles: readonly string[]
} => ({ ...asked, secrets: Object.keys(asked.secrets), secretFiles: Object.keys(asked.secretFiles) })
