/** What becomes of each key of a workflow here: the table of `docs/github-actions.md`. A test holds it to GitHub's own schema, so that no key is forgotten. */

/** A key, and how far it is honoured. */
export type ConformanceRow = {
  /** As GitHub's reference writes it: `jobs.<job>.services`. */
  readonly key: string
  readonly support: 'supported' | 'partly' | 'noted' | 'refused'
  /** What differs; empty where nothing does. */
  readonly remark: string
}

/** Every key of a workflow. `partly` says what differs; `noted` is left out with a warning; `refused` is an error before the run. */
export const conformance: readonly ConformanceRow[] = [
  {
    key: 'on',
    support: 'supported',
    remark:
      'Branches, tags, paths and their `-ignore` forms, activity types. Any event can be named; push, pull_request, workflow_dispatch and schedule have a payload of their own.',
  },
  {
    key: 'on.schedule',
    support: 'partly',
    remark: 'Checked (cron, timezone) and run when asked for; Sluice does not start runs by it from a workflow file.',
  },
  { key: 'on.workflow_dispatch.inputs', support: 'supported', remark: '' },
  { key: 'on.workflow_call', support: 'supported', remark: '' },
  { key: 'name', support: 'supported', remark: '' },
  { key: 'description', support: 'supported', remark: '' },
  {
    key: 'run-name',
    support: 'partly',
    remark: 'Left out where it names the run itself.',
  },
  { key: 'env', support: 'supported', remark: '' },
  { key: 'defaults', support: 'supported', remark: '' },
  { key: 'permissions', support: 'noted', remark: 'There is no token of GitHub that it could limit.' },
  { key: 'concurrency', support: 'supported', remark: 'With `cancel-in-progress` and `queue`.' },
  { key: 'jobs', support: 'supported', remark: '' },
  { key: 'jobs.<job>.name', support: 'supported', remark: '' },
  { key: 'jobs.<job>.needs', support: 'supported', remark: '' },
  {
    key: 'jobs.<job>.if',
    support: 'supported',
    remark: '`success()` and `failure()` look at all jobs before, near and far.',
  },
  {
    key: 'jobs.<job>.runs-on',
    support: 'partly',
    remark: 'Linux labels run here; others are refused unless `--runner <label>=here` or `=skip`.',
  },
  {
    key: 'jobs.<job>.environment',
    support: 'supported',
    remark: 'An address out of a step is told when the job has run.',
  },
  { key: 'jobs.<job>.concurrency', support: 'supported', remark: '' },
  { key: 'jobs.<job>.outputs', support: 'supported', remark: 'One that holds a secret is left out, as on GitHub.' },
  { key: 'jobs.<job>.env', support: 'supported', remark: '' },
  { key: 'jobs.<job>.defaults', support: 'supported', remark: '' },
  { key: 'jobs.<job>.permissions', support: 'noted', remark: 'As for the workflow.' },
  {
    key: 'jobs.<job>.timeout-minutes',
    support: 'supported',
    remark: 'The run fails; for the jobs after it the job was cancelled, as on GitHub.',
  },
  { key: 'jobs.<job>.cancel-timeout-minutes', support: 'noted', remark: '' },
  { key: 'jobs.<job>.continue-on-error', support: 'supported', remark: '' },
  {
    key: 'jobs.<job>.strategy',
    support: 'supported',
    remark: 'include, exclude, fail-fast, max-parallel, matrices out of needs; at most 256 legs.',
  },
  {
    key: 'jobs.<job>.container',
    support: 'refused',
    remark: 'Unless `--containers here` runs its steps on this machine.',
  },
  {
    key: 'jobs.<job>.services',
    support: 'partly',
    remark:
      'Programs of this machine (or containers, where there is Docker), on the port that is asked for where it is free, else on another; what only a container has is warned of.',
  },
  { key: 'jobs.<job>.snapshot', support: 'noted', remark: '' },
  { key: 'jobs.<job>.steps', support: 'supported', remark: '' },
  {
    key: 'jobs.<job>.uses',
    support: 'partly',
    remark:
      'Workflows of the same repository, ten levels deep; those of others are refused, unless `--skip-action` leaves their jobs out.',
  },
  { key: 'jobs.<job>.with', support: 'supported', remark: '' },
  { key: 'jobs.<job>.secrets', support: 'supported', remark: 'By name, or `inherit`.' },
  { key: 'steps.id', support: 'supported', remark: '' },
  { key: 'steps.name', support: 'supported', remark: '' },
  { key: 'steps.if', support: 'supported', remark: '' },
  { key: 'steps.run', support: 'supported', remark: '' },
  {
    key: 'steps.shell',
    support: 'supported',
    remark: 'bash, sh, python, pwsh where it is installed, and formats with `{0}`.',
  },
  { key: 'steps.working-directory', support: 'supported', remark: '' },
  {
    key: 'steps.uses',
    support: 'partly',
    remark:
      'Composite and JavaScript actions of the repository or of `--actions <directory>`; the built-in ones below; others and Docker are refused unless `--skip-action`.',
  },
  { key: 'steps.with', support: 'supported', remark: '' },
  { key: 'steps.env', support: 'supported', remark: '' },
  { key: 'steps.timeout-minutes', support: 'supported', remark: '' },
  { key: 'steps.continue-on-error', support: 'supported', remark: '' },
  {
    key: 'steps.background',
    support: 'supported',
    remark: 'Ten at a time. What such a step says stands among the lines of the others, behind its name.',
  },
  { key: 'steps.wait', support: 'supported', remark: '' },
  { key: 'steps.wait-all', support: 'supported', remark: '' },
  { key: 'steps.cancel', support: 'supported', remark: '' },
  { key: 'steps.parallel', support: 'supported', remark: '' },
]

/** What the built-in actions do, and do not. */
export const builtInRemarks: Readonly<Record<string, string>> = {
  'actions/checkout':
    'The workspace has the commit already. `path`, `ref`, `fetch-depth`, `fetch-tags`, `submodules` of the same repository; another repository is refused.',
  'actions/setup-node':
    'A version that is installed, else fetched with npm. `node-version`, `node-version-file`, `registry-url`, `scope`, `cache`. What tsc and ESLint print becomes annotations.',
  'actions/cache': 'Kept by Sluice, by key and by beginnings of keys; `lookup-only`, `fail-on-cache-miss`.',
  'actions/cache/restore': 'As above.',
  'actions/cache/save': 'As above.',
  'actions/upload-artifact':
    'Kept by Sluice under the paths of the workspace. A name is taken once in a run, but for `overwrite` and versions up to 3, which add to it.',
  'actions/download-artifact':
    'Artifacts of the same run, by name, by pattern, or all; those of other runs are refused.',
  'actions/github-script':
    "`core`, `context`, `exec`, `io`, `glob`, `require`; whatever asks GitHub's API is refused when it is called.",
  'codecov/codecov-action': 'Coverage becomes evidence of the run; nothing is uploaded.',
  'pnpm/action-setup':
    'Fetched with npm. `version`, `package_json_file` (its `packageManager`), `run_install`, `cache`.',
}
