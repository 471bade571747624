/** Who reviewed a commit, asked of hosts that hold every request and every answer to the OpenAPI documents that GitHub and GitLab publish; and what the gate makes of it. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openReviews } from '../../src/adapters/reviews/open.ts'
import { judgeReviews } from '../../src/core/evidence/gates/reviews.ts'
import { commitId } from '../../src/core/model.ts'
import type { SourceRules } from '../../src/core/source/rules.ts'
import type { Reviewed } from '../../src/ports/reviews.ts'
import { freePort } from '../free-port.ts'
import { type GithubHost, githubToken, openGithub, type Review } from './github-host.ts'
import { type GitlabHost, gitlabToken, openGitlab } from './gitlab-host.ts'

const head = 'a'.repeat(40)
const older = 'b'.repeat(40)
const merged = commitId('c'.repeat(40))
const never = new AbortController().signal

const source: SourceRules = {
  remote: null,
  github: null,
  gitlab: null,
  push: null,
  poll: null,
  pipelines: [],
  report: [],
}

const ask = (rules: SourceRules | null, token: string, commit = merged): Promise<Reviewed> => {
  const secrets = {
    versions: async (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '1'])),
    values: async (versions: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.keys(versions).map((name) => [name, token])),
  }
  return openReviews({ secrets, load: async () => rules }).of(commit, never)
}

/** What the gate says of an answer: one approval is wanted. */
const gate = (answer: Reviewed): string => {
  const { status, sentence } = judgeReviews(
    { approvals: 1, from: [], waiver: null },
    {
      reports: [],
      base: null,
      changed: null,
      jobs: [],
      totalMs: null,
      ...(answer.status === 'known' ? { reviews: answer.reviews } : { reviews: null, whyNoReviews: answer.why }),
      commit: { id: merged, author: 'Ada' },
      at: 1,
      sha256: (text) => text,
    },
  )
  return `${status}: ${sentence}`
}

const github = (url: string): SourceRules => ({
  ...source,
  github: { repository: 'acme/storefront', url, webhookSecret: null, token: 'GITHUB_TOKEN' },
})
const gitlab = (url: string): SourceRules => ({
  ...source,
  gitlab: { project: 'acme/storefront', url, webhookSecret: null, signingToken: null, token: 'GITLAB_TOKEN' },
})

const githubHost = async (context: TestContext): Promise<GithubHost> => {
  const host = await openGithub('/api/v3')
  context.after(() => host.close())
  return host
}
const gitlabHost = async (context: TestContext): Promise<GitlabHost> => {
  const host = await openGitlab()
  context.after(() => host.close())
  return host
}

const review = (by: string, state: string, commit = head): Review => ({ by, state, commit, at: '2026-11-27T03:00:00Z' })

test('GitHub: an approval of the head of a pull request is one of what merging made of it; of an older state it is not', async (context) => {
  const host = await githubHost(context)
  host.pulls.set(1, {
    author: 'ada',
    head,
    mergedAs: merged,
    reviews: [
      review('ada', 'APPROVED'),
      review('bob', 'COMMENTED'),
      review('bob', 'APPROVED'),
      review('eve', 'PENDING'),
    ],
  })
  const at = Date.parse('2026-11-27T03:00:00Z')
  const answer = await ask(github(host.url), githubToken)
  deepStrictEqual(answer, {
    status: 'known',
    reviews: [
      { by: 'bob', verdict: 'commented', commit: merged, at },
      { by: 'bob', verdict: 'approved', commit: merged, at },
    ],
  })
  strictEqual(gate(answer), 'pass: 1 approval of this commit, at least 1 wanted')

  host.pulls.set(1, { author: 'ada', head, mergedAs: merged, reviews: [review('bob', 'APPROVED', older)] })
  strictEqual(gate(await ask(github(host.url), githubToken)), 'fail: 0 approvals of this commit, at least 1 wanted')
  const against = [review('bob', 'APPROVED'), review('eve', 'CHANGES_REQUESTED')]
  host.pulls.set(1, { author: 'ada', head, mergedAs: merged, reviews: against })
  match(gate(await ask(github(host.url), githubToken)), /^fail: .*eve asked for changes/)
  host.pulls.set(1, { author: 'ada', head, mergedAs: merged, reviews: [review('bob', 'DISMISSED')] })
  match(gate(await ask(github(host.url), githubToken)), /^fail: 0 approvals/)
})

test('GitHub: neither a stranger nor anybody who wrote a commit of the pull request lets it through', async (context) => {
  const host = await githubHost(context)
  const pull = { author: 'ada', head, mergedAs: merged } as const
  host.pulls.set(1, { ...pull, writers: ['ada', 'bob', null], reviews: [review('bob', 'APPROVED')] })
  match(gate(await ask(github(host.url), githubToken)), /^fail: 0 approvals/)
  host.pulls.set(1, { ...pull, reviews: [{ ...review('eve', 'APPROVED'), association: 'NONE' }] })
  match(gate(await ask(github(host.url), githubToken)), /^fail: 0 approvals/)
  host.pulls.set(1, { ...pull, writers: ['ada', null], reviews: [review('bob', 'APPROVED')] })
  match(gate(await ask(github(host.url), githubToken)), /^pass/)
})

test('GitHub: a pull request that was given up says nothing; an open one is reviewed at its head', async (context) => {
  const host = await githubHost(context)
  host.pulls.set(1, { author: 'ada', head, mergedAs: null, isClosed: true, reviews: [review('bob', 'APPROVED')] })
  deepStrictEqual(await ask(github(host.url), githubToken, commitId(head)), { status: 'known', reviews: [] })
  host.pulls.set(2, { author: 'ada', head, mergedAs: null, reviews: [review('bob', 'APPROVED')] })
  const answer = await ask(github(host.url), githubToken, commitId(head))
  ok(answer.status === 'known')
  deepStrictEqual(
    answer.reviews.map(({ by, commit }) => [by, commit]),
    [['bob', head]],
  )
})

test('GitHub: pages are read to the last; where there is no end, nobody knows', async (context) => {
  const host = await githubHost(context)
  const comments = Array.from({ length: 150 }, () => review('bob', 'COMMENTED'))
  const pull = { author: 'ada', head, mergedAs: merged } as const
  host.pulls.set(1, { ...pull, reviews: [...comments, review('bob', 'APPROVED')] })
  match(gate(await ask(github(host.url), githubToken)), /^pass/)
  host.pulls.set(1, { ...pull, reviews: Array.from({ length: 1_000 }, () => review('bob', 'APPROVED')) })
  match(gate(await ask(github(host.url), githubToken)), /^broken: .*more than 1000/)
})

test('GitLab: an approval is of the version that was there when it was given', async (context) => {
  const host = await gitlabHost(context)
  const request = {
    author: 'ada',
    mergedAs: merged,
    versions: [
      { head, at: '2026-11-27T02:00:00Z' },
      { head: older, at: '2026-11-27T01:00:00Z' },
    ],
  }
  const approved = (...approvals: readonly { readonly by: string; readonly at: string | null }[]): void => {
    host.requests.set(7, { ...request, approvals })
  }
  const said = async (): Promise<string> => gate(await ask(gitlab(host.url), gitlabToken))
  approved({ by: 'bob', at: '2026-11-27T02:30:00Z' })
  strictEqual(await said(), 'pass: 1 approval of this commit, at least 1 wanted')
  approved({ by: 'bob', at: '2026-11-27T01:30:00Z' })
  strictEqual(await said(), 'fail: 0 approvals of this commit, at least 1 wanted')
  approved({ by: 'ada', at: '2026-11-27T02:30:00Z' })
  strictEqual(await said(), 'fail: 0 approvals of this commit, at least 1 wanted')
  // GitLab before 17 does not say when: it is known only where there never was another version.
  approved({ by: 'bob', at: null })
  strictEqual(await said(), 'fail: 0 approvals of this commit, at least 1 wanted')
  host.requests.set(7, {
    ...request,
    versions: [{ head, at: '2026-11-27T02:00:00Z' }],
    approvals: [{ by: 'bob', at: null }],
  })
  strictEqual(await said(), 'pass: 1 approval of this commit, at least 1 wanted')
})

test('GitLab: nobody who wrote a commit of the merge request lets it through, by whatever name git has for them', async (context) => {
  const host = await gitlabHost(context)
  const request = {
    author: 'ada',
    mergedAs: merged,
    versions: [{ head, at: '2026-11-27T02:00:00Z' }],
    approvals: [{ by: 'bob', at: '2026-11-27T02:30:00Z' }],
  }
  const ada = { name: 'Ada', email: 'ada@acme.example' }
  for (const own of [
    { name: 'Bob of Acme', email: 'bob@home.example' },
    { name: 'BOB', email: 'x@home.example' },
    { name: 'somebody', email: '12-bob@users.noreply.gitlab.example' },
  ]) {
    host.requests.set(7, { ...request, writers: [ada, own] })
    strictEqual(gate(await ask(gitlab(host.url), gitlabToken)), 'fail: 0 approvals of this commit, at least 1 wanted')
  }
  const others = [ada, { name: 'Bobby', email: '12-bobby@users.noreply.gitlab.example' }]
  host.requests.set(7, { ...request, writers: others })
  match(gate(await ask(gitlab(host.url), gitlabToken)), /^pass/)
  host.fail('get /api/v4/projects/{id}/merge_requests/{merge_request_iid}/commits', { status: 502, body: null }, 'lost')
  match(gate(await ask(gitlab(host.url), gitlabToken)), /^broken: cannot tell: /)
})

test('a host that does not answer, lets nobody in or is not there makes the gate broken, never green', async (context) => {
  const host = await githubHost(context)
  host.pulls.set(1, { author: 'ada', head, mergedAs: merged, reviews: [review('bob', 'APPROVED')] })
  host.fail('get /repos/{owner}/{repo}/pulls/{pull_number}/reviews', { status: 502, body: null }, 'lost')
  const answers = [
    await ask(github(host.url), githubToken),
    await ask(github(host.url), githubToken),
    await ask(github(host.url), 'ghp_wrong'),
    await ask(github(`http://127.0.0.1:${await freePort()}`), githubToken),
    await ask(source, githubToken),
    await ask(null, githubToken),
  ]
  for (const answer of answers) match(gate(answer), /^broken: cannot tell: /)
  match(gate(answers[2] ?? { status: 'known', reviews: [] }), /GitHub: 401 Bad credentials$/)
  match(gate(answers[4] ?? { status: 'known', reviews: [] }), /there is nowhere to ask who reviewed the commit$/)
})
