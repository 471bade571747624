/**
 * Fetches from the repository that commits come from, into refs of Sluice's own below `refs/sluice/source/`. Each of them ends in `/@`, so that a branch `a` that is gone and a branch `a/b` that has come
 * are not in each other's way. Settings of the user (prune, tags, mirrors, hooks, maintenance) change nothing about it.
 */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { commitId } from '../../core/model.ts'
import { plainAddress } from '../../core/source/address.ts'
import type { FetchedRef } from '../../core/source/types.ts'
import { git, type GitAnswer, gitWith, must } from '../../lib/git.ts'
import type { FetchWish, Remote, RemotePlace, Standing } from '../../ports/source.ts'

const own = 'refs/sluice/source/'

/** The remote of the repository that `directory` is in. */
export const gitRemote = (directory: string): Remote => {
  // Two fetches of one ref at the same time are in each other's way.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(work, work)
    turn = result.catch(() => {})
    return result
  }
  return {
    fetch: (place, wish, signal) => inTurn(() => fetchRef(directory, place, { wish, signal })),
    list: async (place, signal) => listRefs(directory, place, signal),
    standing: (of, signal) => standing(directory, of, signal),
    letGo: (choose, signal) => inTurn(() => letGo(directory, choose, signal)),
  }
}

/** The ref under which a ref of the remote stands here. */
export const ownRef = (ref: string): string => `${own}${ref.replace(/^refs\//, '')}/@`

const always = ['-c', 'fetch.prune=false', '-c', 'fetch.pruneTags=false', '-c', 'protocol.ext.allow=never'] as const

const fetchWords = [
  'fetch',
  '--quiet',
  '--force',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
  '--refmap=',
] as const

type Fetching = { readonly wish: FetchWish; readonly signal: AbortSignal }

const fetchRef = async (directory: string, place: RemotePlace, { wish, signal }: Fetching): Promise<FetchedRef> => {
  const besides = ['HEAD', ...(wish.base === null ? [] : [`refs/heads/${wish.base}`])].filter((ref) => ref !== wish.ref)
  let wanted = [wish.ref, ...besides]
  for (;;) {
    const refspecs = wanted.map((ref) => `+${ref}:${ownRef(ref)}`)
    const answer = await ask(directory, place, { words: [...fetchWords, '--', place.address, ...refspecs], signal })
    if (answer.code === 0) return fetched(directory, wish.ref, signal)
    const missing = /couldn't find remote ref (\S+)/.exec(answer.err)?.[1]
    if (missing === undefined || !wanted.includes(missing)) throw unreachable(place, answer)
    await git(directory, ['update-ref', '-d', ownRef(missing)], signal)
    if (missing === wish.ref) return { object: null, commit: null }
    wanted = wanted.filter((ref) => ref !== missing)
  }
}

const fetched = async (directory: string, ref: string, signal: AbortSignal): Promise<FetchedRef> => {
  const words = ['rev-parse', '--verify', '--quiet', '--end-of-options']
  const [object, commit] = await Promise.all(
    ['', '^{commit}'].map(async (what) => git(directory, [...words, `${ownRef(ref)}${what}`], signal)),
  )
  if (object?.code === 0 && commit?.code === 0) return { object: object.out, commit: commitId(commit.out) }
  throw new SluiceError('not_found', { detail: `${ref} is no commit`, hint: 'tag a commit' })
}

const listRefs = async (
  directory: string,
  place: RemotePlace,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> => {
  const words = ['ls-remote', '--quiet', '--refs', '--heads', '--tags', '--', place.address]
  const answer = await ask(directory, place, { words, signal })
  if (answer.code !== 0) throw unreachable(place, answer)
  return refsOf(answer.out, place)
}

/** What `git ls-remote` lists. Of half of a list nobody could tell what went and what came: a tag that falls out of it and comes back would be a new one. */
export const refsOf = (listed: string, { address }: Pick<RemotePlace, 'address'>): Readonly<Record<string, string>> => {
  const refs = listed.split('\n').flatMap((line) => {
    const [object = '', ref = ''] = line.split('\t')
    return /^[0-9a-f]{40,64}$/.test(object) && ref !== '' ? [[ref, object] as const] : []
  })
  if (refs.length <= limits.remoteRefsMax) return Object.fromEntries(refs)
  throw new SluiceError('remote_unreachable', {
    detail: `${plainAddress(address)} has ${refs.length} branches and tags, and no more than ${limits.remoteRefsMax} are looked at`,
    hint: 'delete some, or have webhooks tell of pushes instead of source.poll',
  })
}

type Asked = { readonly words: readonly string[]; readonly signal: AbortSignal }

/** What lets in is handed over in the environment, where no list of processes shows it, and goes nowhere but to that server: not even where it redirects to. */
const ask = (directory: string, { address, login }: RemotePlace, { words, signal }: Asked): Promise<GitAnswer> => {
  if (login === null) return git(directory, [...always, ...words], signal)
  const count = Number(process.env['GIT_CONFIG_COUNT'] ?? 0)
  const basic = Buffer.from(`${login.user}:${login.password}`).toString('base64')
  const variables = {
    GIT_CONFIG_COUNT: String(count + 2),
    [`GIT_CONFIG_KEY_${count}`]: `http.${new URL(address).origin}/.extraHeader`,
    [`GIT_CONFIG_VALUE_${count}`]: `Authorization: Basic ${basic}`,
    [`GIT_CONFIG_KEY_${count + 1}`]: 'http.followRedirects',
    [`GIT_CONFIG_VALUE_${count + 1}`]: 'false',
    // What these print has the header in it.
    GIT_TRACE_CURL: '0',
    GIT_CURL_VERBOSE: '0',
  }
  return gitWith({ cwd: directory, variables }, [...always, ...words], signal)
}

const unreachable = ({ address, login }: RemotePlace, { err }: GitAnswer): SluiceError => {
  const lines = plainAddress(err)
    .replaceAll(login?.password || '\0', '***')
    .split('\n')
    .filter(Boolean)
  const last = lines.find((line) => /^(?:fatal|error|remote):/.test(line)) ?? lines.at(-1) ?? 'git said nothing'
  return new SluiceError('remote_unreachable', {
    detail: `${plainAddress(address)} cannot be fetched from: ${last}`,
    hint: 'sluice doctor   asks it once more',
    evidence: lines.slice(-10),
  })
}

const letGo = async (
  directory: string,
  choose: Parameters<Remote['letGo']>[0],
  signal: AbortSignal,
): Promise<number> => {
  const words = ['for-each-ref', '--format=%(objectname) %(refname)', own]
  const { out } = must(await git(directory, words, signal), 'listing what was fetched')
  const fetched = out.split('\n').flatMap((line) => {
    const [object = '', name = ''] = line.split(' ')
    return name.startsWith(own) && name.endsWith('/@') ? [[`refs/${name.slice(own.length, -2)}`, object] as const] : []
  })
  const objects = new Map<string, string>(fetched)
  const chosen = (await choose(Object.fromEntries(fetched))).filter((ref) => objects.has(ref))
  for (const ref of chosen)
    must(
      await git(directory, ['update-ref', '-d', ownRef(ref), objects.get(ref) ?? ''], signal),
      `letting go of ${ref}`,
    )
  return chosen.length
}

type Of = Parameters<Remote['standing']>[0]

const standing = async (directory: string, of: Of, signal: AbortSignal): Promise<Standing> => {
  const base = await baseOf(directory, of, signal)
  if (base === null) return { base: null, changed: null }
  const words = ['diff', '--name-only', '--no-renames', '-z', '--end-of-options', base, of.commit]
  const { out } = must(await git(directory, words, signal), `comparing ${base} and ${of.commit}`)
  return { base: commitId(base), changed: out.split('\0').filter(Boolean) }
}

/** What was there before, though it may have been pushed away since; else where the commit left what it is for; its parent, where it left nothing. */
const baseOf = async (directory: string, { commit, before, base }: Of, signal: AbortSignal): Promise<string | null> => {
  const one = async (...words: readonly string[]): Promise<string | null> => {
    const { code, out } = await git(directory, words, signal)
    return code === 0 && out !== '' ? out : null
  }
  const commitAt = (name: string): Promise<string | null> =>
    one('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`)
  const known = before === null ? null : await commitAt(before)
  if (known !== null && known !== commit) return (await one('merge-base', known, commit)) ?? known
  const refs = [...(base === null ? [] : [ownRef(`refs/heads/${base}`)]), ownRef('HEAD')]
  for (const ref of refs) {
    const there = await commitAt(ref)
    const fork = there === null ? null : await one('merge-base', there, commit)
    if (fork !== null && fork !== commit) return fork
  }
  return commitAt(`${commit}^1`)
}
