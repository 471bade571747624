/**
 * `node scripts/openapi-excerpt.ts github|gitlab <document> <excerpt>`: the part of a code host's published OpenAPI document that Sluice speaks, as the fixture
 * to which tests hold every request and every answer. Texts and examples are left out; nothing else is changed.
 *
 * github: `generated/api.github.com.json` of the npm package `@octokit/openapi` (MIT), which is GitHub's own description. With all its versions it is 470 MB, so that
 * it is no dependency. gitlab: `doc/api/openapi/openapi_v3.yaml` of GitLab's source (CC BY-SA 4.0).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { parse } from 'yaml'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Fields = { readonly [key: string]: Json }

/** What Sluice asks of each host: methods by path. */
const asked = {
  github: {
    '/repos/{owner}/{repo}/statuses/{sha}': ['post'],
    '/repos/{owner}/{repo}/deployments': ['get', 'post'],
    '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses': ['get', 'post'],
    '/repos/{owner}/{repo}/commits/{commit_sha}/pulls': ['get'],
    '/repos/{owner}/{repo}/pulls/{pull_number}/commits': ['get'],
    '/repos/{owner}/{repo}/pulls/{pull_number}/reviews': ['get'],
  },
  gitlab: {
    '/api/v4/projects/{id}/statuses/{sha}': ['post'],
    '/api/v4/projects/{id}/deployments': ['get', 'post'],
    '/api/v4/projects/{id}/deployments/{deployment_id}': ['get', 'put'],
    '/api/v4/projects/{id}/repository/commits/{sha}/merge_requests': ['get'],
    '/api/v4/projects/{id}/merge_requests/{merge_request_iid}/approvals': ['get'],
    '/api/v4/projects/{id}/merge_requests/{merge_request_iid}/versions': ['get'],
  },
} as const

const fieldsOf = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !isList(value) ? value : {}
const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

const texts: ReadonlySet<string> = new Set(['description', 'summary', 'example', 'examples', 'externalDocs', 'tags'])

/** Without what only people read. */
const bare = (value: Json): Json => {
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map(bare)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('x-') && !texts.has(key))
      .map(([key, inner]) => [key, key === 'properties' ? bareProperties(inner) : bare(inner)]),
  )
}

/** Names here are names of fields, such as `description`, which are kept. */
const bareProperties = (value: Json): Json =>
  Object.fromEntries(Object.entries(fieldsOf(value)).map(([name, inner]) => [name, bare(inner)]))

const referencesOf = (value: Json): readonly string[] => {
  if (typeof value !== 'object' || value === null) return []
  if (isList(value)) return value.flatMap(referencesOf)
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesOf(inner),
  )
}

const at = (document: Json, reference: string): Json =>
  reference
    .slice(2)
    .split('/')
    .reduce<Json>((value, name) => fieldsOf(value)[name] ?? null, document)

const [, , host = '', from = '', to = ''] = argv
if (host !== 'github' && host !== 'gitlab') throw new Error('the host is github or gitlab')
const document: Json = parse(readFileSync(from, 'utf8'))
const whole = fieldsOf(document)
const paths = Object.fromEntries(
  Object.entries(asked[host]).map(([path, methods]) => {
    const there = fieldsOf(fieldsOf(whole['paths'])[path])
    return [path, Object.fromEntries(methods.map((method) => [method, bare(there[method] ?? null)]))]
  }),
)
const components: Record<string, Record<string, Json>> = {}
const open = [...referencesOf(paths)]
for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
  const [, , group = '', name = ''] = reference.split('/')
  const kept = (components[group] ??= {})
  if (name in kept) continue
  const found = bare(at(document, reference))
  kept[name] = found
  open.push(...referencesOf(found))
}
const info = fieldsOf(whole['info'])
const excerpt = {
  openapi: whole['openapi'] ?? null,
  info: { title: info['title'] ?? null, version: info['version'] ?? null, license: info['license'] ?? null },
  paths,
  components,
}
writeFileSync(to, `${JSON.stringify(excerpt, null, 1)}\n`)
