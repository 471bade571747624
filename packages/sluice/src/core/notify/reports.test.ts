import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceRules } from '../source/rules.ts'
import { described, githubApi, reportRoutes } from './reports.ts'

const nothing: SourceRules = {
  remote: null,
  github: null,
  gitlab: null,
  push: null,
  poll: null,
  pipelines: [],
  report: ['statuses', 'deployments'],
}
const github = { repository: 'acme/storefront', url: 'https://github.com', webhookSecret: null, token: 'GITHUB_TOKEN' }
const gitlab = {
  project: 'acme/storefront',
  url: 'https://gitlab.com',
  webhookSecret: null,
  signingToken: null,
  token: 'GITLAB_TOKEN',
}

test('a code host is told what the config says, and none without a token', () => {
  deepStrictEqual(reportRoutes(undefined), [])
  deepStrictEqual(reportRoutes(nothing), [])
  deepStrictEqual(reportRoutes({ ...nothing, github, report: [] }), [])
  deepStrictEqual(reportRoutes({ ...nothing, github: { ...github, token: null } }), [])
  const both = reportRoutes({ ...nothing, github, gitlab, report: ['statuses'] })
  const kinds = ['run.started', 'run.succeeded', 'run.failed', 'run.canceled']
  deepStrictEqual(both, [
    {
      channel: {
        name: 'source.github',
        kind: 'github',
        repository: 'acme/storefront',
        token: 'GITHUB_TOKEN',
        url: 'https://api.github.com',
      },
      kinds,
    },
    {
      channel: {
        name: 'source.gitlab',
        kind: 'gitlab',
        project: 'acme/storefront',
        token: 'GITLAB_TOKEN',
        url: 'https://gitlab.com',
      },
      kinds,
    },
  ])
  const [all] = reportRoutes({ ...nothing, github })
  strictEqual(all?.kinds.filter((kind) => kind.startsWith('rollout.')).length, 8)
})

test("the API of each kind of GitHub is where GitHub's pages say", () => {
  strictEqual(githubApi('https://github.com'), 'https://api.github.com')
  strictEqual(githubApi('https://octocorp.ghe.com'), 'https://api.octocorp.ghe.com')
  strictEqual(githubApi('https://github.example.com'), 'https://github.example.com/api/v3')
})

test('a description is cut between characters', () => {
  strictEqual(described('as it is', 8), 'as it is')
  strictEqual(described('a longer one', 8), 'a longe…')
  strictEqual(described('🚢🚢🚢🚢', 3), '🚢🚢…')
})
