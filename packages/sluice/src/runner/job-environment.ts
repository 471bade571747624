/** The variables that a job's processes begin with. */
import type { Texts } from '../core/pipeline/job-plan.ts'
import type { JobRequest } from '../ports/runner.ts'
import { markVariable } from './job-shell.ts'

/** Names that a job sees of this machine; everything else it must declare. */
const inherited = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'SHELL',
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
]

/** Of the machine, of the run, and the mark by which everything that the job started is found again. */
export const jobEnvironment = (
  { run, job, commit, version, number = 1, attempt = 1 }: JobRequest,
  {
    machine,
    directory,
    mark,
  }: { readonly machine: NodeJS.ProcessEnv; readonly directory: string; readonly mark: string },
): Texts => {
  const seen = inherited.flatMap((name) => {
    const value = machine[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(seen),
    CI: 'true',
    SLUICE: 'true',
    SLUICE_RUN: run,
    SLUICE_RUN_NUMBER: String(number),
    SLUICE_ATTEMPT: String(attempt),
    SLUICE_JOB: job.name,
    SLUICE_COMMIT: commit.id,
    SLUICE_VERSION: version,
    SLUICE_WORKSPACE: directory,
    [markVariable]: mark,
  }
}
