/** Which environments a service has, in the order in which releases pass them. */
import type { Settings } from '../../core/config/settings.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import type { Release } from '../../core/model.ts'

/** An environment and the one before it. */
export type NamedEnvironment = { readonly name: string; readonly after: string | null }

/** Where environments may be known from. */
export type Sources = {
  readonly newest: Release | null
  /** Read only while there is no release. */
  readonly settings: Settings | null
  readonly used: readonly EnvironmentState[]
}

/** Those of the newest release (or of the config before there is one), then those that were used and are no longer named. */
export const environmentNames = ({ newest, settings, used }: Sources): readonly NamedEnvironment[] => {
  const declared = newest === null ? configured(settings) : newest.content.environments
  const named = declared.map(({ name, after }) => ({ name, after }))
  const rest = used
    .map(({ environment }) => environment)
    .filter((name) => !named.some((one) => one.name === name))
    .toSorted()
  return [...named, ...rest.map((name) => ({ name, after: null }))]
}

const configured = (settings: Settings | null): readonly NamedEnvironment[] =>
  Object.entries(settings?.environments ?? {}).map(([name, { after }], index, all) => ({
    name,
    after: after === undefined ? (all[index - 1]?.[0] ?? null) : after,
  }))
