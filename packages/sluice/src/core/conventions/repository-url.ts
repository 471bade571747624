/** Web addresses of a repository, for links. */

/** Where things of a repository are on its host's pages. */
export type RepositoryLinks = {
  readonly home: string
  readonly commit: (id: string) => string
  readonly compare: (from: string, to: string) => string
  readonly issue: (number: string) => string
}

/**
 * Links of a remote (`git@host:acme/x.git`, `ssh://…`, `https://…`); null for a remote without pages, such as a path. Logins and ports in it are left out. GitLab and
 * Bitbucket have other paths than GitHub, Gitea and the rest; they are known by their host's name.
 */
export const linksOf = (remote: string): RepositoryLinks | null => {
  const scp = /^(?:[\w.-]+@)?([\w.-]+\.[\w-]+):(?!\/\/)(.+)$/.exec(remote)
  const url = /^(?:https?|ssh|git):\/\/(?:[^/@]*@)?([\w.-]+)(?::\d+)?\/(.+)$/.exec(remote)
  const [, host = '', path = ''] = scp ?? url ?? []
  if (host === '') return null
  const home = `https://${host}/${path.replace(/\/+$/, '').replace(/\.git$/, '')}`
  if (host.includes('gitlab')) return links(home, { commit: '/-/commit/', compare: '/-/compare/', issue: '/-/issues/' })
  if (host.includes('bitbucket'))
    return links(home, { commit: '/commits/', compare: '/branches/compare/', issue: '/issues/' })
  return links(home, { commit: '/commit/', compare: '/compare/', issue: '/issues/' })
}

type Paths = { readonly commit: string; readonly compare: string; readonly issue: string }

const links = (home: string, paths: Paths): RepositoryLinks => ({
  home,
  commit: (id) => `${home}${paths.commit}${id}`,
  compare: (from, to) => {
    const [a, b] = [encodeURIComponent(from), encodeURIComponent(to)]
    return paths.compare.includes('branches')
      ? `${home}${paths.compare}${b}..${a}`
      : `${home}${paths.compare}${a}...${b}`
  },
  issue: (number) => `${home}${paths.issue}${number}`,
})
