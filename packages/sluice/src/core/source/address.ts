/** Where commits are fetched from, as the config says it. */
import type { SourceRules } from './rules.ts'

/** An address that git knows, and what lets in there: the name of a secret, and the user that goes with it. */
export type RemoteAddress = {
  readonly address: string
  /** Null: as git on this machine would be let in. */
  readonly token: { readonly secret: string; readonly user: string } | null
}

/** What `remote` says; else GitHub or GitLab; else the remote `origin` of the project. A token goes nowhere but to its own server. */
export const addressOf = ({ remote, github, gitlab }: SourceRules): RemoteAddress => {
  const hosts = [
    ...(github === null
      ? []
      : [{ url: github.url, path: github.repository, secret: github.token, user: 'x-access-token' }]),
    // A number is no part of an address that git could fetch from.
    ...(gitlab === null ? [] : [{ url: gitlab.url, path: gitlab.project, secret: gitlab.token, user: 'oauth2' }]),
  ]
  const named = hosts.find(({ path }) => path.includes('/'))
  const address = remote ?? (named === undefined ? 'origin' : `${named.url}/${named.path}.git`)
  const own = hosts.find(({ url }) => address.startsWith(`${url}/`))
  return { address, token: own === undefined || own.secret === null ? null : { secret: own.secret, user: own.user } }
}

/** The address without what lets in. */
export const plainAddress = (address: string): string => address.replaceAll(/(\/\/)[^@/]*@/g, '$1')
