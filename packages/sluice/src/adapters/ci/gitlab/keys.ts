/**
 * Every key of a GitLab pipeline and what becomes of it here. Lowering checks documents against this table and `docs/ci-conformance-gitlab.md` is made from it,
 * so the page cannot say anything else than what is done. Source of the keys: docs.gitlab.com/ci/yaml, 2026-08.
 */

/**
 * `supported`: as documented. `partly`: works, and differs as the line says; noted when used. `noted`: has no meaning without a GitLab, the line is a
 * warning when used. `refused`: nothing may start while it is used.
 */
export type KeySupport = 'supported' | 'partly' | 'noted' | 'refused'

/** A key: how far, and in one line, what is done with it. */
export type KeyRow = readonly [support: KeySupport, line: string]

/** The keys of a scope. */
export type KeyRows = Readonly<Record<string, KeyRow>>

const yes = (line: string): KeyRow => ['supported', line]
const partly = (line: string): KeyRow => ['partly', line]
const noted = (line: string): KeyRow => ['noted', line]
const no = (line: string): KeyRow => ['refused', line]

const onMachine = 'jobs run on this machine, with the tools that it has, not in the image'

/** What `default:` may say, for all jobs. */
const shared: KeyRows = {
  after_script: yes(
    'its own shell after the script, unless the job is out of time, five minutes at most, without a say in the result',
  ),
  artifacts: yes('kept and handed on'),
  before_script: yes('put before the script, in the same shell'),
  cache: yes('folders kept from run to run under a key'),
  hooks: partly('pre_get_sources_script runs as the first step, in the checkout that is already there'),
  id_tokens: noted('there is no token issuer here: the variables are not set'),
  identity: noted('there is no identity federation here'),
  image: noted(onMachine),
  interruptible: noted('read, and not done: a newer run calls no job off'),
  retry: yes('the job is run again from a clean checkout'),
  services: partly(
    'started from the machine’s own binaries, or containers where there is Docker; addresses are in variables',
  ),
  tags: noted('there is one machine: tags choose nothing'),
  timeout: yes('the job ends; an hour where nothing is said'),
}

/** A scope of the table: where keys stand. */
export type KeyScope =
  | 'root'
  | 'default'
  | 'job'
  | 'workflow'
  | 'auto_cancel'
  | 'workflow rule'
  | 'rule'
  | 'changes'
  | 'exists'
  | 'include rule'
  | 'include'
  | 'input'
  | 'spec'
  | 'variable'
  | 'job variable'
  | 'inherit'
  | 'image'
  | 'service'
  | 'artifacts'
  | 'reports'
  | 'coverage_report'
  | 'cache'
  | 'cache key'
  | 'retry'
  | 'need'
  | 'parallel'
  | 'environment'
  | 'allow_failure'
  | 'only'
  | 'trigger'
  | 'forward'
  | 'hooks'
  | 'pages'

/** The table. */
export const gitlabKeys: Readonly<Record<KeyScope, KeyRows>> = {
  root: {
    default: yes('keys for all jobs that do not say them'),
    include: yes('local files; others must be copied into the repository'),
    stages: yes('order of the jobs that name no needs; .pre and .post around them'),
    variables: yes('for all jobs'),
    workflow: yes('whether there is a pipeline at all'),
    spec: yes('inputs of an included file, in its header'),
    image: noted(onMachine),
    services: partly('as default:services'),
    cache: yes('as default:cache'),
    before_script: yes('as default:before_script'),
    after_script: yes('as default:after_script'),
    pages: yes('a job; its public folder is kept, nothing is published'),
  },
  default: shared,
  job: {
    ...shared,
    allow_failure: yes('the run may succeed though the job failed'),
    coverage: yes('the number that the pattern finds in the log, as a remark of the job; gates take reports'),
    dast_configuration: noted('DAST profiles are settings of a GitLab'),
    dependencies: yes('whose artifacts are taken'),
    environment: yes('where the job deploys'),
    except: yes('as only, the other way round'),
    extends: yes('deep merge over several bases, eleven deep'),
    inherit: yes('what is taken over from default and variables'),
    inputs: no('inputs of a job are asked for by GitLab’s page; use variables'),
    manual_confirmation: noted('the text is not shown'),
    needs: yes('the job starts once these are done'),
    only: yes('refs, variables, changes'),
    pages: noted('the folder is kept as an artifact; nothing is published'),
    parallel: yes('several legs, numbered or by a matrix'),
    publish: noted('the folder is kept as an artifact; nothing is published'),
    release: noted('no release is made in GitLab; sluice release tags one'),
    resource_group: yes('one job of the group at a time, over all runs'),
    rules: yes('whether and how the job takes part'),
    run: no('CI steps are run by GitLab’s step runner; write them as a script'),
    script: yes('one shell: bash -eo pipefail, or sh -e where there is none; each line is shown before it runs'),
    secrets: partly('taken from Sluice’s secrets under the name of the variable'),
    stage: yes('test where nothing is said'),
    start_in: yes('with when: delayed'),
    trigger: partly('child pipelines of local files become jobs of this run, named after the trigger job'),
    type: no('removed from GitLab; say stage'),
    variables: yes('for this job'),
    when: yes('on_success, on_failure, always, manual, delayed, never'),
  },
  workflow: {
    auto_cancel: yes('what would end the pipeline early; see its keys'),
    name: yes('CI_PIPELINE_NAME, and the name of the run'),
    rules: yes('the first rule that matches decides'),
  },
  auto_cancel: {
    on_job_failure: partly('read, and not done: jobs that do not need a job that failed go on'),
    on_new_commit: partly('read, and not done: a run of a newer commit does not call this one off'),
  },
  'workflow rule': {
    if: yes('an expression'),
    changes: yes('as in a job'),
    exists: yes('as in a job'),
    when: yes('always or never'),
    variables: yes('for all jobs'),
    auto_cancel: yes('over that of the workflow, key by key'),
  },
  rule: {
    if: yes('variables, texts, null, patterns (RE2), ==, !=, =~, !~, &&, ||, parentheses'),
    changes: yes('files that differ, with compare_to; met where nobody can say'),
    exists: yes('files of the commit'),
    when: yes('how the job then takes part'),
    allow_failure: yes('whether it may then fail'),
    start_in: yes('with when: delayed'),
    variables: yes('over those of the job'),
    needs: yes('instead of those of the job'),
    interruptible: noted('read, and not done: a newer run calls no job off'),
  },
  changes: { paths: yes('patterns of Ruby’s fnmatch'), compare_to: yes('a branch, tag or commit') },
  exists: {
    paths: yes('patterns of Ruby’s fnmatch'),
    project: no('files of another project cannot be seen from here'),
    ref: no('files of another project cannot be seen from here'),
  },
  'include rule': {
    if: yes('an expression over variables that are known before the file is read'),
    changes: yes('as in a job'),
    exists: yes('as in a job'),
    when: yes('always or never'),
  },
  include: {
    local: yes('a path from the root of the repository; * and ** match several'),
    rules: yes('whether the file is included'),
    inputs: yes('values for the spec:inputs of the file'),
    project: no('nothing is fetched: copy the file into the repository and include it with local'),
    ref: no('nothing is fetched: copy the file into the repository and include it with local'),
    file: no('nothing is fetched: copy the file into the repository and include it with local'),
    remote: no('nothing is fetched: copy the file into the repository and include it with local'),
    template: no('templates come with GitLab: copy the file into the repository and include it with local'),
    component: no('nothing is fetched: copy the component into the repository and include it with local'),
    artifact: no('a file that a job makes is not there before the run'),
    job: no('a file that a job makes is not there before the run'),
    integrity: noted('local files are part of the commit'),
    cache: noted('local files are part of the commit'),
  },
  input: {
    default: yes('when nothing is given'),
    description: yes('read by people'),
    type: yes('string, number, boolean or array'),
    options: yes('what may be given'),
    regex: yes('what may be given'),
  },
  spec: {
    inputs: yes('filled in where the file says $[[ inputs.name ]], with expand_vars, truncate and posix_escape'),
    description: yes('read by people'),
    component: noted('nothing of a catalogue is known here'),
  },
  variable: {
    value: yes('the value'),
    description: yes('read by people'),
    options: yes('what may be given'),
    expand: yes('false: $ means itself'),
  },
  'job variable': { value: yes('the value'), expand: yes('false: $ means itself') },
  inherit: { default: yes('all, none, or a list of keys'), variables: yes('all, none, or a list of names') },
  image: {
    name: noted(onMachine),
    entrypoint: noted(onMachine),
    pull_policy: noted(onMachine),
    docker: noted(onMachine),
    kubernetes: noted(onMachine),
  },
  service: {
    name: yes('postgres, redis, mysql and others that the machine has; a container otherwise'),
    alias: yes(
      'its name; prefix of its variables, and its host name in the job where it has namespaces and the port is free',
    ),
    command: noted('a service is started with words of its own'),
    entrypoint: noted('for a container only'),
    variables: yes('over those of the job'),
    pull_policy: noted('for a container only'),
    docker: noted('for a container only'),
    kubernetes: noted('for a container only'),
  },
  artifacts: {
    paths: yes('globs; a folder with all that is in it'),
    exclude: yes('globs'),
    name: yes('what they are kept under; the job’s name where nothing is said'),
    when: yes('on_success, on_failure, always'),
    expire_in: noted('read, and not done: artifacts stay until the state directory is cleared'),
    untracked: yes('files that git does not know'),
    reports: yes('read as evidence'),
    expose_as: noted('there is no merge request to show it in'),
    public: noted('who may read artifacts is decided by the token of the control plane'),
    access: noted('who may read artifacts is decided by the token of the control plane'),
  },
  reports: {
    junit: yes('tests'),
    dotenv: yes('variables for jobs that take the artifacts'),
    coverage_report: yes('cobertura or jacoco'),
    codequality: yes('findings'),
    sast: yes('findings'),
    dependency_scanning: yes('findings'),
    container_scanning: yes('findings'),
    secret_detection: yes('findings'),
    dast: yes('findings'),
    cluster_image_scanning: yes('findings'),
    coverage_fuzzing: yes('findings'),
    api_fuzzing: yes('findings'),
    cyclonedx: yes('kept as evidence'),
    license_scanning: noted('kept as a file; nothing reads it'),
    accessibility: noted('kept as a file; nothing reads it'),
    annotations: noted('kept as a file; nothing reads it'),
    browser_performance: noted('kept as a file; nothing reads it'),
    load_performance: noted('kept as a file; nothing reads it'),
    metrics: noted('kept as a file; nothing reads it'),
    performance: noted('kept as a file; nothing reads it'),
    requirements: noted('kept as a file; nothing reads it'),
    requirements_v2: noted('kept as a file; nothing reads it'),
    repository_xray: noted('kept as a file; nothing reads it'),
    lsif: noted('kept as a file; nothing reads it'),
    terraform: noted('kept as a file; nothing reads it'),
  },
  coverage_report: { coverage_format: yes('cobertura or jacoco'), path: yes('a glob') },
  cache: {
    key: yes('a text, or files whose content makes it'),
    paths: yes('globs'),
    policy: yes('pull, push, pull-push'),
    when: yes('on_success, on_failure, always'),
    fallback_keys: yes('tried in order'),
    untracked: noted('only paths are kept; name the folders'),
    unprotect: noted('what an unprotected ref may write is decided by Sluice’s trust scopes'),
  },
  'cache key': {
    files: yes('at most two files; the key is default where none of them is there'),
    prefix: yes('put before the hash'),
    files_commits: partly('the content of the files makes the key, not the commits that changed them'),
  },
  retry: {
    max: yes('0, 1 or 2'),
    when: yes('reasons that this machine can have; others never happen here'),
    exit_codes: yes('one or several'),
  },
  need: {
    job: yes('a job of the same or an earlier stage'),
    artifacts: yes('whether its artifacts are taken'),
    optional: yes('may be absent'),
    parallel: yes('only these legs'),
    project: no('artifacts of another project cannot be fetched from here'),
    ref: no('artifacts of another project cannot be fetched from here'),
    pipeline: no('artifacts of another pipeline cannot be fetched from here'),
  },
  parallel: { matrix: yes('each mapping gives the product of its lists') },
  environment: {
    name: yes('with variables'),
    url: yes('with variables, those of the job’s dotenv report too'),
    on_stop: partly('nothing is stopped by itself; the job is there to be started by hand'),
    action: yes('start, prepare, stop, verify, access'),
    auto_stop_in: noted('nothing is stopped by itself'),
    deployment_tier: yes('CI_ENVIRONMENT_TIER'),
    kubernetes: noted('connections to clusters are settings of a GitLab'),
  },
  allow_failure: { exit_codes: yes('only with these the run may succeed') },
  only: {
    refs: yes('names, patterns, branches, tags, merge_requests, pushes, schedules …'),
    variables: yes('expressions, one of which must hold'),
    changes: yes('one file must differ'),
    kubernetes: no('whether there is a cluster is a setting of a GitLab'),
  },
  trigger: {
    include: yes('local files; one that a job makes is refused'),
    strategy: partly('depend and mirror; without it a failed child job still fails the run'),
    forward: yes('which variables the child gets'),
    inputs: yes('for the spec of the child'),
    project: no('pipelines of another project cannot be started from here; --skip-include does without them'),
    branch: no('as trigger:project'),
  },
  forward: {
    yaml_variables: yes('true where nothing is said'),
    pipeline_variables: yes('false where nothing is said'),
  },
  hooks: { pre_get_sources_script: yes('runs as the first step') },
  pages: {
    publish: noted('the folder is kept as an artifact; nothing is published'),
    path_prefix: noted('nothing is published'),
    expire_in: noted('nothing is published'),
  },
}

/** The keys of a scope. */
export const keyRows = (scope: KeyScope): KeyRows => gitlabKeys[scope]
