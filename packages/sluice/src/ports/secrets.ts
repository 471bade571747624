/** Where secret values come from. Values are handed to instances and jobs, and nowhere else. */
export interface SecretSource {
  /** The version of each name that a release cut now would carry. `not_found` names the first that is missing. */
  versions(names: readonly string[], signal: AbortSignal): Promise<Readonly<Record<string, string>>>
  /** The values at exactly these versions. */
  values(versions: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Readonly<Record<string, string>>>
}

/** A secret without its values. */
export type KeptSecret = {
  readonly name: string
  /** The one that a release cut now would carry. */
  readonly version: string
  /** How many versions are kept. */
  readonly versions: number
}

/** Where secrets are written, in the store that is Sluice's own. */
export interface SecretKeeper {
  /** Every secret, by name. */
  list(signal: AbortSignal): Promise<readonly KeptSecret[]>
  /** The version that this value has, kept or not; the same value of the same name has the same. */
  versionOf(secret: { readonly name: string; readonly value: string }, signal: AbortSignal): Promise<string>
  /** Keeps a value from now on, beside those before, and gives its version. Safe to repeat. */
  keep(secret: { readonly name: string; readonly value: string }, signal: AbortSignal): Promise<string>
  /** Takes a name and all of its values away; whether there was one. */
  remove(name: string, signal: AbortSignal): Promise<boolean>
}
