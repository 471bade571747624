/**
 * Who may read and write which part of the cache. A result that a pull request made may have been made to harm whoever uses it, so it is never where a
 * protected ref looks. There is no way for an entry from one scope to another: a protected ref gets its own by running the job.
 * Source: CVE-2025-36852 (CREEP, 2025): caches whose key can be foreseen by whoever may write to them.
 */

/** `protected`, or one of `branch/<name>` and `pull/<number>` with any character but letters, digits, `.`, `-` and `_` as `~` and its code. */
export type CacheScope = string

/** What a commit is built for. */
export type CacheRef =
  | { readonly kind: 'protected' }
  | { readonly kind: 'branch'; readonly name: string }
  | { readonly kind: 'pull_request'; readonly number: string }

/** Scopes that a run reads, in this order, and the one that it writes; null for none. */
export type CacheAccess = { readonly reads: readonly CacheScope[]; readonly writes: CacheScope | null }

/** The scope that only protected refs write and everybody reads. */
export const protectedScope: CacheScope = 'protected'

/** What a run for a ref may do: its own scope first, then the protected one to read from. A name that is too long for a folder has no scope of its own. */
export const accessOf = (ref: CacheRef): CacheAccess => {
  if (ref.kind === 'protected') return { reads: [protectedScope], writes: protectedScope }
  const own = ref.kind === 'branch' ? `branch/${plain(ref.name)}` : `pull/${plain(ref.number)}`
  return isScope(own) ? { reads: [own, protectedScope], writes: own } : { reads: [protectedScope], writes: null }
}

/** Whether a text is a scope: the form that stores take as a folder's name. */
export const isScope = (text: string): boolean =>
  text === protectedScope || (/^(?:branch|pull)\/[\w.~-]{1,200}$/.test(text) && !/\/\.{1,2}$/.test(text))

/** No two names give the same: what is written otherwise begins with a `~`, which is never kept as it is. */
const plain = (name: string): string => {
  const written = Array.from(name, (one) =>
    /[A-Za-z0-9._-]/.test(one) ? one : `~${(one.codePointAt(0) ?? 0).toString(16)}~`,
  ).join('')
  return written === '.' || written === '..' || written === '' ? `~~${written.length}` : written
}
