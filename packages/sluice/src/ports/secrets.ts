/** Where secret values come from. Values are handed to instances and jobs, and nowhere else. */
export interface SecretSource {
  /** The version of each name that a release cut now would carry. `not_found` names the first that is missing. */
  versions(names: readonly string[], signal: AbortSignal): Promise<Readonly<Record<string, string>>>
  /** The values at exactly these versions. */
  values(versions: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Readonly<Record<string, string>>>
}
