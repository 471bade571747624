/**
 * What webhooks are checked with: the sources that the config names, and their secrets. Read again when it is old, once for all who ask: a request of somebody unknown must not cost a reading of the
 * config, and a secret that was replaced must let nobody in, nor keep anybody out, for longer than that. What cannot be read leaves in force what was.
 */
import type { Settings } from '../core/config/settings.ts'
import { limits } from '../core/limits.ts'
import type { SourceRules } from '../core/source/rules.ts'
import type { Clock, Log } from '../ports/clock.ts'
import type { SecretSource } from '../ports/secrets.ts'

/** See the file's header. `secrets`: values by name; one that there is not is absent. */
export type HookKeys = { readonly rules: SourceRules | null; readonly secrets: ReadonlyMap<string, string> }

/** Nothing is taken by these. */
export const noHookKeys: HookKeys = { rules: null, secrets: new Map() }

/** Reads them. Whoever asks when they are old waits until they are read. */
export const hookKeys = ({
  clock,
  log,
  secrets,
  load,
}: {
  readonly clock: Clock
  readonly log: Log
  readonly secrets: SecretSource
  readonly load: (signal: AbortSignal) => Promise<Settings>
}): (() => Promise<HookKeys>) => {
  let last: HookKeys | null = null
  let readAt = -Infinity
  let reading: Promise<HookKeys> | null = null
  const read = async (): Promise<HookKeys> => {
    const signal = AbortSignal.timeout(limits.configLoadMs)
    try {
      const rules = (await load(signal)).source ?? null
      last = { rules, secrets: await valuesOf(secrets, namesOf(rules), signal) }
    } catch (error) {
      log.warn('source_not_read', { error: String(error), counts: last === null ? 'none' : 'what was read before' })
    }
    readAt = clock.now()
    reading = null
    return last ?? noHookKeys
  }
  return async () => {
    if (Math.abs(clock.now() - readAt) >= limits.hookKeysMs) reading ??= read()
    return reading ?? last ?? noHookKeys
  }
}

const namesOf = (rules: SourceRules | null): readonly string[] =>
  [rules?.github?.webhookSecret, rules?.gitlab?.webhookSecret, rules?.gitlab?.signingToken, rules?.push?.secret].filter(
    (name) => typeof name === 'string',
  )

/** One by one: a secret that is missing takes none of the others along. */
const valuesOf = async (
  secrets: SecretSource,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const name of names) {
    const values = await secrets
      .versions([name], signal)
      .then((versions) => secrets.values(versions, signal))
      .catch(() => null)
    const value = values?.[name]
    if (value !== undefined) found.set(name, value)
  }
  return found
}
