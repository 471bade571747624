/** `uses` of a step: which action is meant. */

/** An action by what it is found with. `name` is what rules and messages call it. */
export type ActionReference =
  | { readonly kind: 'local'; readonly name: string }
  | { readonly kind: 'docker'; readonly name: string }
  | {
      readonly kind: 'repository'
      /** `owner/name`, with `/path` where there is one. */
      readonly name: string
      readonly repository: string
      readonly path: string
      readonly ref: string
    }

/** Reads a `uses`; null where it has none of the forms. */
export const actionReference = (uses: string): ActionReference | null => {
  if (/^\.\.?\//.test(uses) || uses === '.') return { kind: 'local', name: uses }
  // The same repository, said in the newer way.
  if (uses.startsWith('$/')) return { kind: 'local', name: `.${uses.slice(1)}` }
  if (uses.startsWith('docker://')) return uses === 'docker://' ? null : { kind: 'docker', name: uses }
  const [, owner, repo, path = '', ref] = /^([^/@\s]+)\/([^/@\s]+)((?:\/[^/@\s]+)*)@(\S+)$/.exec(uses) ?? []
  if (owner === undefined || repo === undefined || ref === undefined) return null
  const repository = `${owner}/${repo}`
  return {
    kind: 'repository',
    name: `${repository}${path}`.toLowerCase(),
    repository,
    path: path.replace(/^\//, ''),
    ref,
  }
}
