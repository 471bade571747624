/** A workflow that is lowered, for tests that do not care for which event. */
import type { LoweringRequest } from '../../../src/adapters/ci/github/lower.ts'

/** A push to the default branch. */
export const pushEvent: LoweringRequest['event'] = {
  name: 'push',
  action: null,
  ref: 'refs/heads/main',
  sha: 'a'.repeat(40),
  before: null,
  headRef: null,
  baseRef: null,
  repository: 'octo/shop',
  actor: 'ada',
  defaultBranch: 'main',
  changedFiles: null,
  inputs: {},
  cron: null,
  payload: null,
  head: null,
}

/** Such a push to a repository with this workflow, and nothing else in it. */
export const loweringRequest = (text: string, change: Partial<LoweringRequest> = {}): LoweringRequest => ({
  file: '.github/workflows/ci.yml',
  text,
  event: pushEvent,
  only: null,
  filters: 'enforce',
  read: () => null,
  vars: {},
  rules: { runners: {}, containers: 'refuse' },
  actions: { available: [], skipped: [] },
  ...change,
})
