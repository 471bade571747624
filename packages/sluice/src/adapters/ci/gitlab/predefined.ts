/**
 * Variables that GitLab sets by itself, as far as a machine can know them without a GitLab. Left out are those that need one: tokens and passwords
 * (`CI_JOB_TOKEN`, `CI_REGISTRY_PASSWORD` …), the dependency proxy, chat, the version of the server, and merge-request approvals.
 * Source: docs.gitlab.com/ci/variables/predefined_variables, 2026-08.
 */
import type { GitlabContext, MergeRequest } from './context.ts'
import { slugOf } from './slug.ts'

/** Variables whose values only the machine knows while a job runs; `runtimeHead` sets them. */
export const runtimeVariables: ReadonlySet<string> = new Set([
  'CI_PROJECT_DIR',
  'CI_BUILDS_DIR',
  'CI_JOB_STARTED_AT',
  'CI_JOB_STATUS',
])

/** Lines at the head of a script that set them. Sluice gives a step its checkout (`SLUICE_WORKSPACE`) and how the job stands (`SLUICE_JOB_STATUS`: `running`, `success`, `failed`, `canceled`). */
export const runtimeHead = (shell: 'bash' | 'sh'): readonly string[] => [
  'export CI_PROJECT_DIR="${SLUICE_WORKSPACE:-$PWD}" CI_JOB_STATUS="${SLUICE_JOB_STATUS:-running}"',
  shell === 'bash'
    ? 'export CI_BUILDS_DIR="${CI_PROJECT_DIR%/*}"; TZ=UTC printf -v CI_JOB_STARTED_AT \'%(%Y-%m-%dT%H:%M:%SZ)T\' -1; export CI_JOB_STARTED_AT'
    : 'export CI_BUILDS_DIR="${CI_PROJECT_DIR%/*}" CI_JOB_STARTED_AT="$(date -u +%Y-%m-%dT%H:%M:%SZ)"',
]

/** What is known before the file is read. */
export const pipelineVariables = (context: GitlabContext, file: string): ReadonlyMap<string, string> => {
  const { project, pipeline, user, source } = context
  const url = new URL(project.serverUrl)
  const names = project.path.split('/')
  const namespace = names.slice(0, -1).join('/')
  const projectUrl = `${project.serverUrl}/${project.path}`
  return new Map<string, string>([
    ['CI', 'true'],
    ['GITLAB_CI', 'true'],
    ['CI_API_V4_URL', `${project.serverUrl}/api/v4`],
    ['CI_API_GRAPHQL_URL', `${project.serverUrl}/api/graphql`],
    ...commitVariables(context),
    ['CI_CONFIG_PATH', file],
    ['CI_DEFAULT_BRANCH', context.defaultBranch],
    ['CI_DEFAULT_BRANCH_SLUG', slugOf(context.defaultBranch)],
    ['CI_PIPELINE_SOURCE', source],
    ['CI_PIPELINE_CREATED_AT', pipeline.createdAt],
    ['CI_PIPELINE_ID', String(pipeline.id)],
    ['CI_PIPELINE_IID', String(pipeline.number)],
    ['CI_PIPELINE_URL', `${projectUrl}/-/pipelines/${pipeline.id}`],
    ...(source === 'trigger' ? ([['CI_PIPELINE_TRIGGERED', 'true']] as const) : []),
    ['CI_PROJECT_ID', String(project.id)],
    ['CI_PROJECT_NAME', names.at(-1) ?? ''],
    ['CI_PROJECT_TITLE', names.at(-1) ?? ''],
    ['CI_PROJECT_NAMESPACE', namespace],
    ['CI_PROJECT_NAMESPACE_ID', String(project.id)],
    ['CI_PROJECT_NAMESPACE_SLUG', slugOf(namespace)],
    ['CI_PROJECT_ROOT_NAMESPACE', names[0] ?? ''],
    ['CI_PROJECT_PATH', project.path],
    ['CI_PROJECT_PATH_SLUG', slugOf(project.path)],
    ['CI_PROJECT_URL', projectUrl],
    ['CI_REPOSITORY_URL', `${projectUrl}.git`],
    ['CI_PROJECT_VISIBILITY', 'private'],
    ['CI_SERVER', 'yes'],
    ['CI_SERVER_FQDN', url.host],
    ['CI_SERVER_HOST', url.hostname],
    ['CI_SERVER_NAME', 'GitLab'],
    ['CI_SERVER_PORT', url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port],
    ['CI_SERVER_PROTOCOL', url.protocol.replace(':', '')],
    ['CI_SERVER_URL', project.serverUrl],
    ['CI_SERVER_SHELL_SSH_HOST', url.hostname],
    ['CI_SERVER_SHELL_SSH_PORT', '22'],
    ['CI_TEMPLATE_REGISTRY_HOST', 'registry.gitlab.com'],
    ['CI_REGISTRY', `registry.${url.host}`],
    ['CI_REGISTRY_IMAGE', `registry.${url.host}/${project.path.toLowerCase()}`],
    ...pagesVariables(url.host, names),
    ['CI_RUNNER_ID', '1'],
    ['CI_RUNNER_DESCRIPTION', 'sluice'],
    ['CI_RUNNER_TAGS', '[]'],
    ['CI_SHARED_ENVIRONMENT', 'true'],
    ['CI_CONCURRENT_ID', '0'],
    ['CI_CONCURRENT_PROJECT_ID', '0'],
    ['CI_NODE_TOTAL', '1'],
    ['GITLAB_USER_NAME', user.name],
    ['GITLAB_USER_LOGIN', user.login],
    ['GITLAB_USER_EMAIL', user.email],
    ['GITLAB_USER_ID', '1'],
    ...(context.mergeRequest === null ? [] : mergeRequestVariables(context.mergeRequest, context)),
  ])
}

/** `group.gitlab.io/shop` for `group/shop` on gitlab.com; elsewhere a domain beside that of the server. */
const pagesVariables = (host: string, names: readonly string[]): readonly (readonly [string, string])[] => {
  const [root = '', ...rest] = names
  const domain = host === 'gitlab.com' ? 'gitlab.io' : `pages.${host}`
  const site = `${root}.${domain}`.toLowerCase()
  const path = rest.join('/').toLowerCase()
  return [
    ['CI_PAGES_DOMAIN', domain],
    ['CI_PAGES_HOSTNAME', site],
    ['CI_PAGES_URL', `https://${site}${path === '' || path === site ? '' : `/${path}`}`],
  ]
}

const commitVariables = (context: GitlabContext): readonly (readonly [string, string])[] => {
  const { commit, ref, mergeRequest } = context
  const [title = ''] = commit.message.split('\n')
  const name = mergeRequest?.sourceBranch ?? ref.name
  const body = commit.message.slice(title.length + 1).replace(/\n$/, '')
  return [
    ['CI_COMMIT_AUTHOR', commit.author],
    ['CI_COMMIT_BEFORE_SHA', commit.beforeId ?? '0'.repeat(40)],
    ['CI_COMMIT_DESCRIPTION', title.length < 100 ? body : commit.message],
    ['CI_COMMIT_MESSAGE', commit.message],
    ['CI_COMMIT_MESSAGE_IS_TRUNCATED', 'false'],
    ['CI_COMMIT_REF_NAME', name],
    ['CI_COMMIT_REF_PROTECTED', String(ref.isProtected)],
    ['CI_COMMIT_REF_SLUG', slugOf(name)],
    ['CI_COMMIT_SHA', commit.id],
    ['CI_COMMIT_SHORT_SHA', commit.id.slice(0, 8)],
    ['CI_COMMIT_TIMESTAMP', commit.committedAt],
    ['CI_COMMIT_TITLE', title],
    ...(ref.kind === 'branch' && mergeRequest === null ? ([['CI_COMMIT_BRANCH', ref.name]] as const) : []),
    ...(ref.kind === 'tag' ? ([['CI_COMMIT_TAG', ref.name]] as const) : []),
    ...(ref.kind === 'tag' && ref.tagMessage !== null ? ([['CI_COMMIT_TAG_MESSAGE', ref.tagMessage]] as const) : []),
  ]
}

/** Without the heads of its branches, which only pipelines of merged results have: there are none here. */
const mergeRequestVariables = (
  request: MergeRequest,
  { project, defaultBranch }: GitlabContext,
): readonly (readonly [string, string])[] => [
  ['CI_MERGE_REQUEST_ID', String(request.number)],
  ['CI_MERGE_REQUEST_IID', String(request.number)],
  ['CI_MERGE_REQUEST_DESCRIPTION', request.description],
  ['CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED', 'false'],
  ...(request.baseId === null ? [] : ([['CI_MERGE_REQUEST_DIFF_BASE_SHA', request.baseId]] as const)),
  ['CI_MERGE_REQUEST_DIFF_ID', String(request.number)],
  ['CI_MERGE_REQUEST_DRAFT', String(request.isDraft)],
  ['CI_MERGE_REQUEST_EVENT_TYPE', 'detached'],
  ['CI_MERGE_REQUEST_LABELS', request.labels.join(',')],
  ['CI_MERGE_REQUEST_PROJECT_ID', String(project.id)],
  ['CI_MERGE_REQUEST_PROJECT_PATH', project.path],
  ['CI_MERGE_REQUEST_PROJECT_URL', `${project.serverUrl}/${project.path}`],
  ['CI_MERGE_REQUEST_REF_PATH', `refs/merge-requests/${request.number}/head`],
  ['CI_MERGE_REQUEST_SOURCE_BRANCH_NAME', request.sourceBranch],
  ['CI_MERGE_REQUEST_SOURCE_BRANCH_PROTECTED', String(request.sourceBranch === defaultBranch)],
  ['CI_MERGE_REQUEST_SOURCE_PROJECT_ID', String(project.id)],
  ['CI_MERGE_REQUEST_SOURCE_PROJECT_PATH', project.path],
  ['CI_MERGE_REQUEST_SOURCE_PROJECT_URL', `${project.serverUrl}/${project.path}`],
  ['CI_MERGE_REQUEST_SQUASH_ON_MERGE', 'false'],
  ['CI_MERGE_REQUEST_TARGET_BRANCH_NAME', request.targetBranch],
  ['CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED', String(request.targetBranch === defaultBranch)],
  ['CI_MERGE_REQUEST_TITLE', request.title],
  ['CI_OPEN_MERGE_REQUESTS', `${project.path}!${request.number}`],
]
