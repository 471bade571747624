import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceRules } from '../source/rules.ts'
import { described, githubApi, withReports } from './reports.ts'
import type { NotifySettings } from './rules.ts'

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

const told = (source: SourceRules | null, notify: NotifySettings | null = null): NotifySettings | null =>
  withReports(notify, { source, publicUrl: 'https://sluice.example.com' })

test('a code host is told what the config says, and none without a token', () => {
  strictEqual(told(null), null)
  strictEqual(told(nothing), null)
  strictEqual(told({ ...nothing, github, report: [] }), null)
  strictEqual(told({ ...nothing, github: { ...github, token: null } }), null)
  deepStrictEqual(told({ ...nothing, github, gitlab, report: ['statuses'] }), {
    publicUrl: 'https://sluice.example.com',
    channels: [
      {
        name: 'source.github',
        kind: 'github',
        repository: 'acme/storefront',
        token: 'GITHUB_TOKEN',
        url: 'https://api.github.com',
      },
      {
        name: 'source.gitlab',
        kind: 'gitlab',
        project: 'acme/storefront',
        token: 'GITLAB_TOKEN',
        url: 'https://gitlab.com',
      },
    ],
    routes: [
      {
        kinds: ['run.started', 'run.succeeded', 'run.failed', 'run.canceled'],
        environments: null,
        services: null,
        severity: null,
        channels: ['source.github', 'source.gitlab'],
      },
    ],
    templates: {},
  })
})

test('what people are told stays as it is beside what code hosts are', () => {
  const ops = { name: 'ops', kind: 'teams', url: 'TEAMS_URL' } as const
  const people: NotifySettings = { publicUrl: null, channels: [ops], routes: [], templates: {} }
  strictEqual(told(null, people), people)
  const both = told({ ...nothing, github }, people)
  deepStrictEqual(
    both?.channels.map(({ name }) => name),
    ['ops', 'source.github'],
  )
  deepStrictEqual(
    both?.routes.map(({ channels }) => channels),
    [['source.github']],
  )
  const kinds = both?.routes[0]?.kinds ?? []
  ok(kinds.includes('run.failed') && kinds.includes('rollout.rolled_back') && !kinds.includes('incident.opened'))
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
